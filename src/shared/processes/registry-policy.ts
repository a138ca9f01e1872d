// Which sessions stand in the registry of what runs, and when a row is written anew.
import type { SessionStatus } from "../sessions/schema.ts";
import type { ProcessFigures, ProcessInfo } from "./schema.ts";

/** Figures that change all the time reach the index this often at most. */
export const FIGURES_EVERY_MS = 60_000;
/** Rows of a team are looked at this often while there are any. */
export const SWEEP_EVERY_MS = 5 * 60_000;
/** A row that was written since then needs no look. */
export const SWEEP_AFTER_MS = 2 * 60_000;
/** Rows of one step of a sweep. */
export const SWEEP_ROWS = 50;

export const AT_REST: readonly SessionStatus[] = ["idle", "budget_exceeded", "ended", "failed"];

export function isAtRest(status: SessionStatus): boolean {
  return AT_REST.includes(status);
}

export type IndexFacts = {
  status: SessionStatus;
  /** The index has, or is owed, a row of this session. */
  indexed: boolean;
};

/** What the index is owed after a change of the session. */
export function decideIndexing({ status, indexed }: IndexFacts): "put" | "remove" | "nothing" {
  if (!isAtRest(status)) return "put";
  return indexed ? "remove" : "nothing";
}

export type FiguresFacts = {
  before: ProcessFigures | null;
  now: ProcessFigures;
  /** When the row was written last; null for never. */
  writtenAtMs: number | null;
  nowMs: number;
};

/** Another process is news at once, other numbers once in a while. */
export function isFiguresNews({ before, now, writtenAtMs, nowMs }: FiguresFacts): boolean {
  if (before === null || writtenAtMs === null || before.pid !== now.pid) return true;
  return nowMs - writtenAtMs >= FIGURES_EVERY_MS;
}

export function sumUp(processes: readonly ProcessInfo[]): ProcessFigures {
  const claude = processes.find(({ kind }) => kind === "claude");
  const sum = (pick: (process: ProcessInfo) => number): number => processes.reduce((all, one) => all + pick(one), 0);
  return {
    pid: claude?.pid ?? null,
    started_at: claude?.started_at ?? null,
    processes: processes.length,
    cpu_percent: Math.round(sum(({ cpu_percent }) => cpu_percent) * 10) / 10,
    rss_bytes: sum(({ rss_bytes }) => rss_bytes),
  };
}
