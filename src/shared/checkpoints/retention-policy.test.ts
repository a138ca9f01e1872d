import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKeepingAll, judgeRetention, type RetentionPolicy, type RetentionSubject } from "./retention-policy.ts";

const START = Date.parse("2026-03-02T00:00:00.000Z");
const HOUR = 3_600_000;
const at = (ms: number, more: Partial<RetentionSubject> = {}): RetentionSubject => {
  const created_at = new Date(START + ms).toISOString();
  return { checkpoint_id: created_at, created_at, tagged: false, head: false, base: false, ...more };
};
const kept = (subjects: RetentionSubject[], policy: RetentionPolicy) =>
  judgeRetention(subjects, policy)
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ checkpoint_id }) => checkpoint_id);

describe("retention", () => {
  it("keeps the newest, and of each hour, day and week that has one the newest [checkpoints.retention]", () => {
    const everyTwentyMinutes = Array.from({ length: 24 * 3 * 21 }, (_, index) => at((index * HOUR) / 3));
    const hours = kept(everyTwentyMinutes, { keep_hourly: 3 });
    expect(hours).toEqual(["2026-03-22T21:40:00.000Z", "2026-03-22T22:40:00.000Z", "2026-03-22T23:40:00.000Z"]);
    const days = kept(everyTwentyMinutes, { keep_daily: 2 });
    expect(days).toEqual(["2026-03-21T23:40:00.000Z", "2026-03-22T23:40:00.000Z"]);
    // Weeks end on Sundays.
    const weeks = kept(everyTwentyMinutes, { keep_weekly: 2 });
    expect(weeks).toEqual(["2026-03-15T23:40:00.000Z", "2026-03-22T23:40:00.000Z"]);
    expect(kept(everyTwentyMinutes, { keep_last: 2 })).toHaveLength(2);
  });

  it("does not count hours that have none [checkpoints.retention]", () => {
    const sparse = [at(0), at(HOUR * 50), at(HOUR * 400), at(HOUR * 400 + 5)];
    expect(kept(sparse, { keep_hourly: 3 })).toEqual(
      [sparse[0], sparse[1], sparse[3]].map((one) => one!.checkpoint_id),
    );
  });

  it("keeps everything when no count is named [checkpoints.retention]", () => {
    expect(isKeepingAll({})).toBe(true);
    expect(isKeepingAll({ keep_last: 0 })).toBe(true);
    expect(kept([at(0), at(1)], {})).toHaveLength(2);
  });

  it("always keeps tagged ones, heads and bases, never more of the rest than it says, and the newest [checkpoints.retention]", () => {
    const subject = fc.record({
      ms: fc.integer({ min: 0, max: 90 * 24 * HOUR }),
      tagged: fc.boolean(),
      head: fc.boolean(),
      base: fc.boolean(),
    });
    const policy = fc.record({
      keep_last: fc.integer({ min: 1, max: 5 }),
      keep_hourly: fc.integer({ min: 0, max: 5 }),
      keep_daily: fc.integer({ min: 0, max: 5 }),
      keep_weekly: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(subject, { selector: ({ ms }) => ms, maxLength: 40 }), policy, (list, counts) => {
        const subjects = list.map(({ ms, ...more }) => at(ms, more));
        const verdicts = judgeRetention(subjects, counts);
        expect(verdicts.map(({ checkpoint_id }) => checkpoint_id)).toEqual(subjects.map((one) => one.checkpoint_id));
        const reasonsOf = new Map(verdicts.map(({ checkpoint_id, reasons }) => [checkpoint_id, reasons]));
        for (const { checkpoint_id, tagged, head, base } of subjects) {
          if (tagged || head || base) expect(reasonsOf.get(checkpoint_id)).not.toEqual([]);
        }
        const newest = subjects
          .map(({ checkpoint_id }) => checkpoint_id)
          .sort()
          .at(-1);
        if (newest !== undefined) expect(reasonsOf.get(newest)).toContain("last");
        const of = (reason: string) => verdicts.filter(({ reasons }) => reasons.some((one) => one === reason)).length;
        expect(of("last")).toBe(Math.min(counts.keep_last, subjects.length));
        expect(of("hourly")).toBeLessThanOrEqual(counts.keep_hourly);
        expect(of("daily")).toBeLessThanOrEqual(counts.keep_daily);
        expect(of("weekly")).toBeLessThanOrEqual(counts.keep_weekly);
      }),
    );
  });

  it("removes nothing more when it is applied again [checkpoints.retention]", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(5000), { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (hours, count) => {
        const policy = { keep_last: count, keep_hourly: count, keep_daily: count, keep_weekly: count };
        const subjects = hours.map((hour) => at(hour * HOUR));
        const once = kept(subjects, policy);
        const left = subjects.filter(({ checkpoint_id }) => once.includes(checkpoint_id));
        expect(kept(left, policy)).toEqual(once);
      }),
    );
  });
});
