// Runs a program to its end under the CLI's user, with a timeout and without letting its output out.
import { spawn } from "node:child_process";
import type { CliUser } from "../config.ts";
import { signalGroup } from "../processes/process-tree.ts";

export type ProgramRun = {
  command: string;
  args: string[];
  cwd: string;
  environment: Record<string, string>;
  user: CliUser;
  timeoutMs: number;
};

const MAX_OUTPUT_CHARS = 64 * 1024;

/** `exitCode` is null when it was killed or could not be started. */
export function runProgram(run: ProgramRun): Promise<{ exitCode: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(run.command, run.args, {
      cwd: run.cwd,
      // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- among the tests, ProcessEnv has the edge's variables
      env: run.environment as unknown as NodeJS.ProcessEnv,
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
      ...run.user,
    });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout = (stdout + chunk.toString("utf8")).slice(0, MAX_OUTPUT_CHARS)));
    const timer = setTimeout(() => child.pid !== undefined && signalGroup(child.pid, "SIGKILL"), run.timeoutMs);
    const finish = (exitCode: number | null) => {
      clearTimeout(timer);
      resolve({ exitCode, stdout });
    };
    child.on("error", () => finish(null));
    child.on("close", finish);
  });
}
