// Runs one command hook under the CLI's user: the event as JSON on its standard input, and its time.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import type { HookEnd } from "../../shared/hooks/hook-output.ts";
import type { CommandHook } from "../../shared/hooks/hook-schema.ts";
import type { CliUser } from "../config.ts";
import { signalGroup } from "../processes/process-tree.ts";

/** Of each output: enough for any answer of a hook. */
const MAX_OUTPUT_CHARS = 64 * 1024;
/** What a hook leaves running may hold its outputs open: nobody waits for it longer than this. */
const OUTPUT_GRACE_MS = 300;

export type CommandRun = {
  hook: CommandHook;
  /** The event as JSON. */
  input: string;
  cwd: string;
  environment: Record<string, string>;
  user: CliUser;
  timeoutMs: number;
  /** Aborted when nobody waits for the tool call any more. */
  signal: AbortSignal;
};

export type TimedEnd = HookEnd & { timed_out: boolean };

export function runCommandHook(run: CommandRun): Promise<TimedEnd> {
  return new Promise((resolve) => {
    const child = start(run);
    const stdout = keepText(child.stdout);
    const stderr = keepText(child.stderr);
    let stopped: string | null = null;
    const stop = (why: string) => {
      stopped ??= why;
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    };
    const onAbort = () => stop("nobody waited for it any more");
    const timer = setTimeout(() => stop(tookTooLong(run.timeoutMs)), run.timeoutMs);
    run.signal.addEventListener("abort", onAbort);
    if (run.signal.aborted) onAbort();

    function finish(exitCode: number | null, failure: string | null): void {
      clearTimeout(timer);
      run.signal.removeEventListener("abort", onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      const timed_out = stopped === tookTooLong(run.timeoutMs);
      resolve({
        exit_code: exitCode,
        http_status: null,
        stdout: stdout(),
        stderr: stderr(),
        failure: stopped ?? failure,
        timed_out,
      });
    }

    child.on("error", () => finish(null, "it could not be started"));
    child.on("close", (exitCode) => finish(exitCode, exitCode === null ? "it was ended from outside" : null));
    child.on("exit", (exitCode) => setTimeout(() => finish(exitCode, null), OUTPUT_GRACE_MS).unref());
    child.stdin.on("error", () => {});
    child.stdin.end(run.input);
  });
}

export function tookTooLong(timeoutMs: number): string {
  return `it took longer than its ${timeoutMs / 1000} seconds`;
}

/** The shell that Claude Code itself starts hooks with. */
function start({ hook, cwd, environment, user }: CommandRun): ChildProcessWithoutNullStreams {
  const [program, args] =
    hook.args === undefined
      ? ["/bin/sh", ["-c", hook.command]]
      : [hook.command, hook.args.map((arg) => fill(arg, environment))];
  return spawn(fill(program, hook.args === undefined ? {} : environment), args, {
    cwd,
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- among the tests, ProcessEnv has the edge's variables
    env: environment as unknown as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    ...user,
  });
}

/** Without a shell Claude Code fills in the names of folders. */
function fill(text: string, environment: Record<string, string>): string {
  return text.replaceAll("${CLAUDE_PROJECT_DIR}", environment["CLAUDE_PROJECT_DIR"] ?? "${CLAUDE_PROJECT_DIR}");
}

function keepText(stream: NodeJS.ReadableStream): () => string {
  const decoder = new StringDecoder("utf8");
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    if (text.length < MAX_OUTPUT_CHARS) text = (text + decoder.write(chunk)).slice(0, MAX_OUTPUT_CHARS);
  });
  stream.on("error", () => {});
  return () => text;
}
