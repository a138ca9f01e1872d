// When a sandbox that failed to start is started again: a few times with growing pauses, then not for a while.

export type StartFacts = {
  /** Failures since the last start that worked. */
  failures: number;
  lastFailedAtMs: number;
  nowMs: number;
  /** 0 to 1: spreads those that failed together. */
  random: number;
};

export type StartDecision =
  | { action: "start" }
  | { action: "wait"; ms: number }
  /** The circuit is open: nobody tries before then. */
  | { action: "refuse"; ms: number };

const FIRST_PAUSE_MS = 500;
/** Tries in a row before the circuit opens. */
export const TRIES_IN_A_ROW = 3;
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 10 * 60_000;

export function decideStart({ failures, lastFailedAtMs, nowMs, random }: StartFacts): StartDecision {
  if (failures === 0) return { action: "start" };
  const sinceMs = nowMs - lastFailedAtMs;
  if (failures < TRIES_IN_A_ROW) {
    const pauseMs = FIRST_PAUSE_MS * 2 ** (failures - 1) * (0.5 + random);
    return sinceMs >= pauseMs ? { action: "start" } : { action: "wait", ms: Math.ceil(pauseMs - sinceMs) };
  }
  // Once it was open a single try is let through, and its failure keeps it open for longer.
  const openMs = Math.min(FIRST_OPEN_MS * 2 ** (failures - TRIES_IN_A_ROW), LONGEST_OPEN_MS);
  return sinceMs >= openMs ? { action: "start" } : { action: "refuse", ms: openMs - sinceMs };
}
