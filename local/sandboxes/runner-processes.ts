// Runners as plain processes: starts, finds and ends the one runner of a workspace. Knows nothing of HTTP.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors/app-error.ts";
import { homePaths } from "../home.ts";
import { boundLog } from "../processes/log-file.ts";
import type { ManagedProcess } from "../processes/managed-process.ts";
import { listRoles, readPidFile, removePidFile, toTree } from "../processes/pid-files.ts";
import { findProcess } from "../processes/process-table.ts";
import { endTree, markedTree, type ProcessTree } from "../processes/process-tree.ts";
import { ROLE_PREFIX, runnerMarks, type RunnerProgram, spawnRunner, type StartRunner } from "./spawn-runner.ts";

const LISTEN_TIMEOUT_MS = 20_000;
/** SIGTERM makes the runner interrupt its turns and send what it holds. */
const END_GRACE_MS = 8_000;

const listeningSchema = z.object({ listening: z.int().min(1).max(65_535) });

type RunningRunner = { port: number; pid: number; started_at: string };

export type RunnerProcesses = {
  /** Starts the runner, or finds the one that runs. */
  ensure(workspaceId: string, request: StartRunner): Promise<RunningRunner>;
  find(workspaceId: string): RunningRunner | null;
  end(workspaceId: string, options: { erase: boolean }): Promise<void>;
  boundLogs(): void;
};

export function createRunnerProcesses(options: RunnerProgram): RunnerProcesses {
  const paths = homePaths(options.home);
  const inTurn = createTurns();

  function find(workspaceId: string): RunningRunner | null {
    const file = readPidFile(paths.run, ROLE_PREFIX + workspaceId);
    if (file === null || file.port === null || findProcess(file.pid)?.startMark !== file.start_mark) return null;
    return { port: file.port, pid: file.pid, started_at: file.started_at };
  }

  async function end(workspaceId: string, erase: boolean): Promise<void> {
    await endTree(treeOf(workspaceId), END_GRACE_MS);
    removePidFile(paths.run, ROLE_PREFIX + workspaceId);
    if (erase) rmSync(join(paths.workspaces, workspaceId), { recursive: true, force: true });
  }

  /** Without a pid file the mark alone finds what an ended runner left. */
  function treeOf(workspaceId: string): ProcessTree {
    const file = readPidFile(paths.run, ROLE_PREFIX + workspaceId);
    return file === null ? markedTree(...runnerMarks(options, workspaceId)) : toTree(file);
  }

  async function start(workspaceId: string, request: StartRunner): Promise<RunningRunner> {
    // What a runner that died left behind would write into the workspace of the next one.
    await endTree(treeOf(workspaceId), 0);
    const child = spawnRunner(options, workspaceId, request);
    const port = parseListening(await firstLineWithin(child, LISTEN_TIMEOUT_MS));
    const file = port === null ? null : child.notePort(port);
    if (port !== null && file !== null) return { port, pid: child.pid, started_at: file.started_at };
    await child.end(0);
    throw new AppError("sandbox_start_failed", "The sandbox's runner did not start; its log says why.");
  }

  return {
    ensure: (workspaceId, request) =>
      inTurn(workspaceId, async () => find(workspaceId) ?? (await start(workspaceId, request))),
    find,
    end: (workspaceId, { erase }) => inTurn(workspaceId, () => end(workspaceId, erase)),
    boundLogs: () => {
      const roles = listRoles(paths.run).filter((role) => role.startsWith(ROLE_PREFIX));
      const logs = roles.map((role) => join(paths.logs, `${role}.log`));
      for (const path of logs) if (existsSync(path)) boundLog(path);
    },
  };
}

/** Runs the operations of one key one after the other. */
function createTurns(): <T>(key: string, operation: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (key, operation) => {
    const result = (tails.get(key) ?? Promise.resolve()).then(operation, operation);
    const tail: Promise<void> = result.then(
      () => undefined,
      () => undefined,
    );
    void tail.then(() => void (tails.get(key) === tail && tails.delete(key)));
    tails.set(key, tail);
    return result;
  };
}

async function firstLineWithin(child: ManagedProcess, timeoutMs: number): Promise<string | null> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const timedOut = new Promise<null>((resolve) => timeout.addEventListener("abort", () => resolve(null)));
  return Promise.race([child.firstLine, timedOut]);
}

function parseListening(line: string | null): number | null {
  try {
    return listeningSchema.parse(JSON.parse(line ?? "")).listening;
  } catch {
    return null;
  }
}
