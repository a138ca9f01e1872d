// Finds the Claude Code program that the Agent SDK brings for this platform.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import type { ClaudeBinary } from "../../shared/rpc/runner-workspace-api.ts";
import type { Config } from "../config.ts";
import { runProgram } from "./run-program.ts";

const VERSION_TIMEOUT_MS = 20_000;
const packageSchema = z.object({ name: z.string(), version: z.string() });

export type ClaudePackage = { binaryPath: string; packagePath: string };

/** Throws when the platform's package is not installed. */
export function findClaudePackage(): ClaudePackage {
  // The platform's package is a dependency of the SDK, so it is looked up from there.
  const fromHere = createRequire(import.meta.url);
  const fromSdk = createRequire(fromHere.resolve("@anthropic-ai/claude-agent-sdk"));
  const platform = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}`;
  for (const name of [platform, `${platform}-musl`]) {
    try {
      const packagePath = fromSdk.resolve(`${name}/package.json`);
      return {
        packagePath,
        binaryPath: join(dirname(packagePath), process.platform === "win32" ? "claude.exe" : "claude"),
      };
    } catch {
      // The other libc's package, perhaps.
    }
  }
  throw new Error(`The package ${platform} is not installed; install the dependencies with optional ones included`);
}

export async function findClaudeBinary(config: Config, found: ClaudePackage): Promise<ClaudeBinary> {
  const about = packageSchema.parse(JSON.parse(await readFile(found.packagePath, "utf8")));
  const { exitCode, stdout } = await runProgram({
    command: found.binaryPath,
    args: ["--version"],
    cwd: config.workspaceDir,
    environment: { PATH: config.path, HOME: "/nonexistent", DISABLE_AUTOUPDATER: "1" },
    user: config.cliUser,
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const version = /^(\d+\.\d+\.\d+\S*)/.exec(stdout.trim())?.[1];
  if (exitCode !== 0 || version === undefined) {
    throw new AppError("cli_start_failed", "Claude Code could not be started in the sandbox; replace the sandbox.");
  }
  return { path: found.binaryPath, version, source: `${about.name}@${about.version}` };
}
