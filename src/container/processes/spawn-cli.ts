// Starts the CLI's process: under its own user, in its own group, with its stderr kept.
import type { SpawnedProcess, SpawnOptions } from "@anthropic-ai/claude-agent-sdk";
import { spawn } from "node:child_process";
import type { CliUser } from "../config.ts";
import { signalGroup } from "./process-tree.ts";
import { keepStderrTail } from "./stderr-tail.ts";

export type CliExit = {
  /** False when the process could not be started. */
  started: boolean;
  exitCode: number | null;
  signal: string | null;
  stderrTail: string | null;
};

export type CliChild = { process: SpawnedProcess; pid: number | null; exited: Promise<CliExit>; killGroup(): void };

export type SpawnSettings = { user: CliUser; secrets: () => readonly string[] };

export function spawnCli(options: SpawnOptions, settings: SpawnSettings): CliChild {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- among the tests, ProcessEnv has the edge's variables
    env: options.env as unknown as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    ...settings.user,
  });
  const stderr = keepStderrTail(child.stderr, settings.secrets);
  const { promise: exited, resolve } = Promise.withResolvers<CliExit>();
  child.stdin.on("error", () => {});
  child.on("error", () => {
    if (child.pid === undefined) {
      resolve({ started: false, exitCode: null, signal: null, stderrTail: stderr.tail() });
    }
  });
  // `close` comes after stderr has ended, but a grandchild that holds the pipes may keep it from coming.
  const finish = (exitCode: number | null, signal: NodeJS.Signals | null) =>
    resolve({ started: true, exitCode, signal, stderrTail: stderr.tail() });
  child.on("close", finish);
  child.on("exit", (exitCode, signal) => setTimeout(() => finish(exitCode, signal), 500).unref());
  return {
    process: child,
    pid: child.pid ?? null,
    exited,
    killGroup: () => void (child.pid !== undefined && signalGroup(child.pid, "SIGKILL")),
  };
}
