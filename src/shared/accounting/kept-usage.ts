// What is still kept of usage: rows and sums by the hour go after a while; sums by day, and the team's own by the hour, stay.
import type { Part, RangeParts } from "./report-range.ts";

export type Keeping = { rowDays: number; hourDays: number };
/** Instants; what is older is gone, or goes soon. */
export type KeptSince = { rows: string; hours: string };

const DAY_MS = 24 * 60 * 60 * 1000;

export function keptSince({ rowDays, hourDays }: Keeping, nowMs: number): KeptSince {
  const before = (days: number): string => new Date(nowMs - days * DAY_MS).toISOString();
  return { rows: before(rowDays), hours: before(hourDays) };
}

/** Why these parts do not make up a report any more; null when they do. */
export function whatIsGone({ rows, hours }: Pick<RangeParts, "rows" | "hours">, kept: KeptSince): string | null {
  const isGone = (parts: readonly Part[], since: string): boolean => parts.some(({ from }) => from < since);
  if (isGone(hours, kept.hours)) {
    return `Usage before ${dateOf(kept.hours)} is kept by whole days in UTC alone. Ask for it with the time zone UTC, and not by session.`;
  }
  if (isGone(rows, kept.rows)) {
    return `Usage before ${dateOf(kept.rows)} is kept by the hour alone. Ask for it in a time zone that is whole hours from UTC.`;
  }
  return null;
}

function dateOf(instant: string): string {
  return instant.slice(0, 10);
}
