import { describe, expect, it } from "vitest";
import { getUsageAnalytics } from "./tools/get-usage-analytics.ts";
import { exportUsageReport } from "./tools/export-usage-report.ts";
import { checkReportTime } from "./tool-fields.ts";

describe("what a report is asked for", () => {
  const takes = (args: unknown) =>
    [getUsageAnalytics, exportUsageReport].map(({ input }) => input.safeParse(args).success);

  it.each([{}, { days: 1 }, { days: 366 }, { from: "2024-02-29", to: "2026-11-21" }, { time_zone: "Asia/Kathmandu" }])(
    "may be %j [accounting.limits]",
    (args) => expect(takes(args)).toEqual([true, true]),
  );

  it.each([
    { days: 0 },
    { days: -1 },
    { days: 367 },
    { days: 3650 },
    { days: 1.5 },
    { days: "7" },
    { from: "2026-02-30", to: "2026-03-01" },
    { from: "yesterday", to: "2026-03-01" },
    { from: "2026-11-21T00:00:00Z", to: "2026-11-22" },
    { time_zone: "Mars/Olympus" },
    { time_zone: "" },
  ])("is refused as %j [accounting.limits]", (args) => expect(takes(args)).toEqual([false, false]));

  it("is days, or both dates [accounting.limits]", () => {
    const [from, to, time_zone] = ["2026-11-01", "2026-11-02", "UTC"];
    expect([{ time_zone }, { days: 3, time_zone }, { from, to, time_zone }].map(checkReportTime)).toEqual(
      Array(3).fill(true),
    );
    const mixed = [
      { from, time_zone },
      { to, time_zone },
      { days: 3, from, to, time_zone },
    ];
    expect(mixed.map(checkReportTime)).toEqual(Array(3).fill(false));
  });
});
