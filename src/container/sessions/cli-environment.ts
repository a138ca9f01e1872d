// The CLI's environment, built from nothing: it holds no key and no token.
import { EDGE_PATHS } from "../../shared/rpc/protocol.ts";
import type { Config } from "../config.ts";
import type { SessionFiles } from "./session-files.ts";

/** A renewed token is in use after this time at the latest; it is renewed five minutes before it ends. */
const API_KEY_HELPER_TTL_MS = 60_000;

export function buildCliEnvironment(
  config: Pick<Config, "cliUser" | "edgeUrl" | "path">,
  files: SessionFiles,
): Record<string, string> {
  const runsAsRoot = config.cliUser === null ? process.getuid?.() === 0 : config.cliUser.uid === 0;
  return {
    PATH: config.path,
    HOME: files.homeDir,
    LANG: "C.UTF-8",
    TERM: "dumb",
    CLAUDE_CONFIG_DIR: files.configDir,
    ANTHROPIC_BASE_URL: `${config.edgeUrl}${EDGE_PATHS.model}`,
    CLAUDE_CODE_API_KEY_HELPER_TTL_MS: String(API_KEY_HELPER_TTL_MS),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    // As root the CLI refuses to bypass permissions unless it is told that it is in a sandbox.
    ...(runsAsRoot ? { IS_SANDBOX: "1" } : {}),
  };
}

/** The entry by which everything that a session's CLI started is found again. */
export function sessionMark(files: SessionFiles): string {
  return `CLAUDE_CONFIG_DIR=${files.configDir}`;
}
