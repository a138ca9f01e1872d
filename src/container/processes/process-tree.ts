// Ends a process with everything that it started: its group, and on Linux whatever carries the session's mark.
import { readdirSync, readFileSync } from "node:fs";

/** Signals the group that the process leads, or the process alone when it leads none. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (!trySignal(-pid, signal)) trySignal(pid, signal);
}

/**
 * Kills what a CLI left behind. Its shells lead sessions of their own, so the group is not enough; they are found by
 * the environment that they inherited.
 */
export function killMarked(environmentEntry: string): void {
  for (const pid of findMarked(environmentEntry)) if (pid !== process.pid) trySignal(pid, "SIGKILL");
}

/** Everything that inherited that entry of an environment; nothing where the platform does not tell. */
export function findMarked(environmentEntry: string): number[] {
  return listPids().filter((pid) => readEnvironment(pid).includes(environmentEntry));
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
