import { describe, expect, it } from "vitest";
import { keptSince, whatIsGone } from "./kept-usage.ts";
import { lastDays, splitRange } from "./report-range.ts";

const NOW = Date.parse("2026-11-21T12:34:56Z");

describe("usage that is kept", () => {
  const kept = keptSince({ rowDays: 400, hourDays: 800 }, NOW);

  it("is enough for the longest report of the last days, in every time zone [accounting.retention]", () => {
    for (const zone of Intl.supportedValuesOf("timeZone")) {
      const [first] = lastDays(366, zone, NOW);
      const parts = splitRange(first ?? { from: "", to: "" }, "", false);
      expect(whatIsGone(parts, kept), zone).toBeNull();
    }
  });

  it("says what is gone by the instant at which a part begins [accounting.retention]", () => {
    const part = (from: string) => [{ key: "", from, to: "2026-11-21T00:00:00.000Z" }];
    expect(whatIsGone({ rows: part(kept.rows), hours: part(kept.hours) }, kept)).toBeNull();
    const before = (instant: string) => new Date(Date.parse(instant) - 1).toISOString();
    expect(whatIsGone({ rows: part(before(kept.rows)), hours: [] }, kept)).toContain("before 2025-10-17");
    expect(whatIsGone({ rows: [], hours: part(before(kept.hours)) }, kept)).toContain("before 2024-09-12");
  });
});
