// When each part of an idle session goes: the object's link within seconds, Claude Code within minutes, the sandbox after more.

/** How long the link to the runner stays open after the last work: the next prompt often comes at once. */
export const LINK_LINGER_MS = 5_000;
/** Well within the time after which the platform ends a sandbox that nobody uses. */
export const KEEP_EVERY_MS = 6 * 60 * 60_000;
/** A sandbox that could sleep but for its work is looked at again after this long. */
export const LOOK_AGAIN_MS = 60_000;
/** What a runner has to say and nobody fetched for this long keeps its sandbox awake no longer. */
export const UNSAID_LIMIT_MS = 24 * 60 * 60_000;
/** A sandbox whose runner gives no answer for this long, while nobody wants it, is given up. */
export const SILENT_LIMIT_MS = 60 * 60_000;

export type LinkFacts = {
  ended: boolean;
  openTurns: number;
  queuedTurns: number;
  backgroundTasks: number;
};

/** True while the session needs its runner. Whoever only watches does not need it: the runner wakes the object. */
export function isWorking({ ended, openTurns, queuedTurns, backgroundTasks }: LinkFacts): boolean {
  return !ended && openTurns + queuedTurns + backgroundTasks > 0;
}

/** When the link is let go after the last work, unless more has come by then; null while there is some. */
export function decideRest(facts: LinkFacts, nowMs: number): number | null {
  return isWorking(facts) ? null : nowMs + LINK_LINGER_MS;
}

export type CliFacts = {
  /** A turn runs, or a background task does: it would end with the process. */
  busy: boolean;
  /** When a prompt was last worked on. */
  usedAtMs: number;
  nowMs: number;
  idleMs: number;
};

export type CliDecision = { step: "end" } | { step: "look"; inMs: number };

/** The next prompt resumes the conversation in a new process. */
export function decideCli({ busy, usedAtMs, nowMs, idleMs }: CliFacts): CliDecision {
  if (busy) return { step: "look", inMs: idleMs };
  const leftMs = usedAtMs + idleMs - nowMs;
  return leftMs <= 0 ? { step: "end" } : { step: "look", inMs: leftMs };
}

export type SandboxFacts = {
  running: boolean;
  /** Somebody holds or waits for the lease. */
  leased: boolean;
  /** The runner's answer; null when it gave none. */
  runner: {
    /** Sessions with a turn or a background task. */
    busySessions: number;
    /** Sessions with entries or a conversation that are not stored outside yet; null from a runner too old to say. */
    unsaidSessions: number | null;
  } | null;
  /** Since when it gives none; null while it does. */
  silentSinceMs: number | null;
  /** The workspace holds what a fresh disk would not. */
  hasFiles: boolean;
  /** Whether checkpoints keep what it holds; `changed` since the newest one. `unable`: its runner takes none. */
  kept: "unable" | "changed" | "unchanged";
  usedAtMs: number;
  nowMs: number;
  idleMs: number;
};

/**
 * `stop`: nothing would be lost. `keep`: its files, or what its runner cannot name, are nowhere else, and the platform is told not to end it.
 * `save`: it may sleep once a checkpoint holds what has changed.
 * `look`: not yet; looked at again at that time. `none`: nothing runs.
 */
export type SandboxDecision =
  | { step: "none" }
  | { step: "stop" }
  | { step: "save" }
  | { step: "keep"; atMs: number }
  | { step: "look"; atMs: number };

export function decideSandbox(facts: SandboxFacts): SandboxDecision {
  const { nowMs, usedAtMs, idleMs } = facts;
  if (!facts.running) return { step: "none" };
  if (isKeptAwake(facts)) return { step: "keep", atMs: nowMs + KEEP_EVERY_MS };
  const restAtMs = usedAtMs + idleMs;
  const atMs = Math.max(restAtMs, nowMs + Math.min(idleMs, LOOK_AGAIN_MS));
  if (facts.leased || (facts.runner?.busySessions ?? 0) > 0) return { step: "look", atMs };
  if (nowMs < restAtMs) return { step: "look", atMs: restAtMs };
  if (mayLose(facts)) return { step: "look", atMs };
  return facts.hasFiles && facts.kept === "changed" ? { step: "save" } : { step: "stop" };
}

/** What is nowhere else: files that no checkpoint can take, now or ever, and what an old runner cannot name. */
function isKeptAwake({ hasFiles, kept, runner }: SandboxFacts): boolean {
  if (runner?.unsaidSessions === null) return true;
  return hasFiles && (kept === "unable" || (kept === "changed" && runner === null));
}

/** One that does not answer may be at work, or have something to say: for a while it is not known that it hangs. */
function mayLose({ runner, silentSinceMs, usedAtMs, nowMs, idleMs }: SandboxFacts): boolean {
  if (runner === null) return nowMs < Math.max(silentSinceMs ?? nowMs, usedAtMs) + SILENT_LIMIT_MS;
  return runner.unsaidSessions !== 0 && nowMs < usedAtMs + idleMs + UNSAID_LIMIT_MS;
}
