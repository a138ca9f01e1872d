// Finds the newest published Claude Code, through npm and the registry that npm is set to.
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import { type ClaudeRelease, claudeReleaseSchema } from "../../shared/rpc/runner-workspace-api.ts";
import type { Config } from "../config.ts";
import { runProgram } from "./run-program.ts";

/** Brings the CLI, and names its version. */
const PACKAGE = "@anthropic-ai/claude-agent-sdk";
const REGISTRY_TIMEOUT_MS = 15_000;

const viewSchema = z.object({ version: z.string(), claudeCodeVersion: z.string() });

export async function findNewestClaude(config: Config): Promise<ClaudeRelease> {
  const { exitCode, stdout } = await runProgram({
    command: "npm",
    args: ["view", `${PACKAGE}@latest`, "version", "claudeCodeVersion", "--json"],
    cwd: "/",
    environment: { ...config.npmEnvironment, PATH: config.path, npm_config_update_notifier: "false" },
    user: null,
    timeoutMs: REGISTRY_TIMEOUT_MS,
  });
  const release = exitCode === 0 ? readRelease(stdout) : null;
  if (release !== null) return release;
  const message = "The package registry gave no answer that can be read. Try again later; nothing was changed.";
  throw new AppError("registry_unavailable", message);
}

function readRelease(stdout: string): ClaudeRelease | null {
  try {
    const { version, claudeCodeVersion } = viewSchema.parse(JSON.parse(stdout));
    return claudeReleaseSchema.parse({ version: claudeCodeVersion, package_version: version });
  } catch {
    return null;
  }
}
