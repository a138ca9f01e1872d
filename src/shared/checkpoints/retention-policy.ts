// Which checkpoints of one branch are kept: the newest, then the last of each hour, day and week, and all that are tagged.
// As restic counts: a period without a checkpoint does not count, and the newest of each period is the one that stays.
import { z } from "zod";

const keep = (what: string) => z.int().min(0).max(10_000).optional().describe(what);

export const retentionPolicySchema = z.strictObject({
  keep_last: keep("Keep that many of the newest of each branch."),
  keep_hourly: keep("Keep the newest of each of the last so many hours that have one."),
  keep_daily: keep("Keep the newest of each of the last so many days that have one, in UTC."),
  keep_weekly: keep("Keep the newest of each of the last so many weeks that have one: Monday to Sunday, in UTC."),
});
export type RetentionPolicy = z.infer<typeof retentionPolicySchema>;

export type KeptReason = "last" | "hourly" | "daily" | "weekly" | "tagged" | "head" | "base";
export type RetentionSubject = {
  checkpoint_id: string;
  /** ISO 8601. */
  created_at: string;
  tagged: boolean;
  /** A live branch's head, autosaves included, or what one began from. */
  head: boolean;
  base: boolean;
};
export type RetentionVerdict = { checkpoint_id: string; reasons: KeptReason[] };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970 began on a Thursday: weeks begin three days earlier, on a Monday. */
const THURSDAY_MS = 3 * DAY_MS;

/** A policy that names no count keeps everything: nothing is ever removed because somebody said nothing. */
export function isKeepingAll(policy: RetentionPolicy): boolean {
  return Object.values(policy).every((count) => count === undefined || count === 0);
}

/** In the order given; one without a reason goes. */
export function judgeRetention(subjects: readonly RetentionSubject[], policy: RetentionPolicy): RetentionVerdict[] {
  const newestFirst = [...subjects].sort(compareAge);
  const reasons = new Map(subjects.map((subject) => [subject.checkpoint_id, alwaysKept(subject)]));
  const periods: [KeptReason, number | undefined, (atMs: number, index: number) => number][] = [
    ["last", policy.keep_last, (_atMs, index) => index],
    ["hourly", policy.keep_hourly, (atMs) => Math.floor(atMs / HOUR_MS)],
    ["daily", policy.keep_daily, (atMs) => Math.floor(atMs / DAY_MS)],
    ["weekly", policy.keep_weekly, (atMs) => Math.floor((atMs + THURSDAY_MS) / (7 * DAY_MS))],
  ];
  for (const [reason, count, periodOf] of periods) {
    let left = count ?? 0;
    let lastPeriod: number | null = null;
    newestFirst.forEach((subject, index) => {
      const period = periodOf(Date.parse(subject.created_at), index);
      if (left === 0 || period === lastPeriod) return;
      lastPeriod = period;
      left -= 1;
      reasons.get(subject.checkpoint_id)?.push(reason);
    });
  }
  const keepsAll = isKeepingAll(policy);
  return subjects.map(({ checkpoint_id }) => ({
    checkpoint_id,
    reasons: keepsAll ? ["last"] : (reasons.get(checkpoint_id) ?? []),
  }));
}

function alwaysKept({ tagged, head, base }: RetentionSubject): KeptReason[] {
  return [
    ...(tagged ? ["tagged" as const] : []),
    ...(head ? ["head" as const] : []),
    ...(base ? ["base" as const] : []),
  ];
}

/** Newest first; ids of one moment are in the order in which they were made. */
function compareAge(left: RetentionSubject, right: RetentionSubject): number {
  if (left.created_at !== right.created_at) return left.created_at < right.created_at ? 1 : -1;
  return left.checkpoint_id < right.checkpoint_id ? 1 : -1;
}
