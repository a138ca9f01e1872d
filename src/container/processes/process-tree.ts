// Ends a process with everything that it started: its group, and on Linux whatever carries the session's mark.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { CliUser } from "../config.ts";

/** Signals the group that the process leads, or the process alone when it leads none. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (!trySignal(-pid, signal)) trySignal(pid, signal);
}

/** A process that begins another program shows no environment in that moment, and one that is killed may just have forked. */
const QUIET_LOOKS = 2;
const MOST_LOOKS = 20;

/**
 * Kills what a CLI left behind. Its shells lead sessions of their own, so the group is not enough; they are found by
 * the environment that they inherited.
 */
export function killMarked(environmentEntry: string, user: CliUser): void {
  for (let [looks, quiet] = [0, 0]; quiet < QUIET_LOOKS && looks < MOST_LOOKS; looks++) {
    const marked = findMarked(environmentEntry, user).filter((pid) => pid !== process.pid);
    for (const pid of marked) trySignal(pid, "SIGKILL");
    quiet = marked.length === 0 ? quiet + 1 : 0;
  }
}

/** Everything that inherited that entry of an environment; nothing where the platform does not tell. */
export function findMarked(environmentEntry: string, user: CliUser): number[] {
  if (user !== null) return findMarkedAs(user, environmentEntry);
  return listPids().filter((pid) => readEnvironment(pid).includes(environmentEntry));
}

/** In a container not even root may read another user's environment, but that user may read its own. */
function findMarkedAs(user: NonNullable<CliUser>, environmentEntry: string): number[] {
  const search = 'exec grep -lzxF -- "$1" /proc/[0-9]*/environ 2>/dev/null';
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- among the tests, ProcessEnv has the edge's variables
  const env = { PATH: "/usr/bin:/bin" } as unknown as NodeJS.ProcessEnv;
  const options = { ...user, env, encoding: "utf8" } as const;
  const { stdout } = spawnSync("/bin/sh", ["-c", search, "sh", environmentEntry], options);
  return Array.from(stdout.matchAll(/^\/proc\/(\d+)\/environ$/gm), ([, pid]) => Number(pid));
}

function listPids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
