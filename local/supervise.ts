// Keeps one process running: starts it, watches it, ends its tree when it is dead or does not answer, and starts it again.
import { setTimeout as sleep } from "node:timers/promises";
import type { ManagedProcess } from "./processes/managed-process.ts";

export type Supervised = {
  name: string;
  start: () => ManagedProcess | Promise<ManagedProcess>;
  /** Resolves when it serves; false when it does not come up. */
  waitUntilReady: (process: ManagedProcess) => Promise<boolean>;
  probe: () => Promise<boolean>;
  say: (line: string) => void;
  signal: AbortSignal;
};

export type SupervisionTimes = {
  /** While all is well: each probe is a line in the log of what is probed. */
  probeIntervalMs: number;
  /** After a probe that failed. */
  probeAgainMs: number;
  /** From the first probe that failed: what came before it was not looked at, and may have been good until then. */
  unhealthyAfterMs: number;
  steadyAfterMs: number;
};

const TIMES: SupervisionTimes = {
  probeIntervalMs: 5_000,
  probeAgainMs: 1_000,
  unhealthyAfterMs: 10_000,
  steadyAfterMs: 60_000,
};
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;

/** Takes over a process that serves already, and returns when the signal is aborted. */
export async function supervise(
  supervised: Supervised,
  first: ManagedProcess,
  times: SupervisionTimes = TIMES,
): Promise<void> {
  let current: ManagedProcess | null = first;
  for (let failures = 0; !supervised.signal.aborted;) {
    const since = Date.now();
    const reason = current === null ? "did not come up" : await watch(supervised, current, times);
    if (reason === null) return;
    if (Date.now() - since >= times.steadyAfterMs) failures = 0;
    const waitMs = backoffMs(failures++);
    supervised.say(`${supervised.name} ${reason}; starting it again in ${waitMs / 1000} s.`);
    await current?.end(0);
    if (!(await pause(waitMs, supervised.signal))) return;
    current = await startAgain(supervised);
  }
}

export function backoffMs(failures: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
}

async function startAgain(supervised: Supervised): Promise<ManagedProcess | null> {
  const next = await Promise.resolve()
    .then(supervised.start)
    .catch(() => null);
  if (next === null) return null;
  if (!supervised.signal.aborted && (await supervised.waitUntilReady(next))) {
    supervised.say(`${supervised.name} answers again.`);
    return next;
  }
  await next.end(0);
  return null;
}

/** Why the process has to be started again; null when supervision ends. */
async function watch(supervised: Supervised, current: ManagedProcess, times: SupervisionTimes): Promise<string | null> {
  let failingSince: number | null = null;
  while (!supervised.signal.aborted) {
    if (current.hasExited()) return "ended";
    const askedAt = Date.now();
    const isHealthy = await supervised.probe();
    failingSince = isHealthy ? null : (failingSince ?? askedAt);
    if (failingSince !== null && Date.now() - failingSince >= times.unhealthyAfterMs) {
      return `does not answer for ${Math.round(times.unhealthyAfterMs / 1000)} s`;
    }
    const waitMs = isHealthy ? times.probeIntervalMs : times.probeAgainMs;
    await Promise.race([current.exited, pause(waitMs, supervised.signal)]);
  }
  return null;
}

/** False when the signal cut it short. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}
