// Starts a process in a group of its own, with its output in a bounded log and its pid on file, and ends its whole tree.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { createInterface } from "node:readline";
import { AppError } from "../../src/shared/errors/app-error.ts";
import { openLog } from "./log-file.ts";
import { type PidFile, removePidFile, toTree, writePidFile } from "./pid-files.ts";
import { endTree, TREE_VARIABLE } from "./process-tree.ts";

export type ManagedOptions = {
  /** Names the pid file; unique in its folder. */
  role: string;
  runFolder: string;
  /** Everything that the process starts carries it; unique to this role of this BERTH_HOME. */
  mark: string;
  /** How an environment entry begins of processes that it starts with an environment of their own. */
  furtherMarks?: readonly string[];
  command: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment: nothing is inherited that is not named here. */
  env: Record<string, string>;
  logPath: string;
  /** Reads the first line of stdout, which tells the port; later lines are not read. */
  readsFirstLine?: boolean;
};

export type ManagedProcess = {
  pid: number;
  /** Resolves when the leader of the group ends, however it ends: with its exit code, or null for a signal. */
  exited: Promise<number | null>;
  hasExited(): boolean;
  /** The first line of stdout; null when the process ended without one. */
  firstLine: Promise<string | null>;
  /** Notes the port in the pid file. */
  notePort(port: number): PidFile | null;
  end(graceMs: number): Promise<void>;
};

export function startManaged(options: ManagedOptions): ManagedProcess {
  const child = spawnIntoLog(options);
  const { pid } = child;
  if (pid === undefined) {
    child.on("error", () => undefined);
    throw new AppError("internal", `${options.role} could not be started; is ${options.command} there and executable?`);
  }
  const marks = [`${TREE_VARIABLE}=${options.mark}`, ...(options.furtherMarks ?? [])];
  const entry = { pid, marks };
  const file = writePidFile(options.runFolder, options.role, entry);
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.once("error", () => resolve(null));
  });
  const tree = file === null ? { pid, startMark: "", marks } : toTree(file);
  return {
    pid,
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    firstLine: options.readsFirstLine === true ? readFirstLine(child) : Promise.resolve(null),
    notePort: (port) => writePidFile(options.runFolder, options.role, { ...entry, port }),
    end: async (graceMs) => {
      await endTree(tree, graceMs);
      removePidFile(options.runFolder, options.role);
    },
  };
}

function spawnIntoLog(options: ManagedOptions): ChildProcess {
  const log = openLog(options.logPath);
  const env: NodeJS.ProcessEnv = Object.assign(Object.create(null), options.env, { [TREE_VARIABLE]: options.mark });
  try {
    return spawn(options.command, [...options.args], {
      cwd: options.cwd,
      env,
      detached: true,
      // A file and not a pipe: the process outlives whoever started it, and a pipe without a reader would end it.
      stdio: ["ignore", options.readsFirstLine === true ? "pipe" : log, log],
    });
  } finally {
    closeSync(log);
  }
}

function readFirstLine(child: ChildProcess): Promise<string | null> {
  const { stdout } = child;
  if (stdout === null) return Promise.resolve(null);
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdout });
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
      stdout.resume();
    });
    lines.once("close", () => resolve(null));
  });
}
