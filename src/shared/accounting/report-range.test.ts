import { assert, boolean, integer, pre, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { daysBetween, isTimeZone, lastDays, splitRange } from "./report-range.ts";

const hoursOf = (day: { from: string; to: string } | undefined) =>
  day === undefined ? 0 : (Date.parse(day.to) - Date.parse(day.from)) / 3_600_000;

describe("the days of a report", () => {
  it.each([
    ["UTC", "2026-11-21T23:59:59Z", "2026-11-21", "2026-11-21T00:00:00.000Z"],
    ["Europe/Berlin", "2026-11-21T23:30:00Z", "2026-11-22", "2026-11-21T23:00:00.000Z"],
    ["America/Los_Angeles", "2026-11-21T07:59:00Z", "2026-11-20", "2026-11-20T08:00:00.000Z"],
    ["Asia/Kolkata", "2026-11-21T18:30:00Z", "2026-11-22", "2026-11-21T18:30:00.000Z"],
    ["Asia/Kathmandu", "2026-11-21T18:15:00Z", "2026-11-22", "2026-11-21T18:15:00.000Z"],
    ["Pacific/Kiritimati", "2026-11-21T10:00:00Z", "2026-11-22", "2026-11-21T10:00:00.000Z"],
    ["Pacific/Pago_Pago", "2026-11-21T10:59:00Z", "2026-11-20", "2026-11-20T11:00:00.000Z"],
  ])("end with today as it is in %s [accounting.zones]", (zone, now, date, from) => {
    const days = lastDays(3, zone, Date.parse(now));
    expect(days).toHaveLength(3);
    expect(days.at(-1)).toMatchObject({ date, from });
  });

  it("are 23 and 25 hours long when clocks are changed, and never overlap [accounting.zones]", () => {
    const spring = daysBetween("2026-03-28", "2026-03-30", "Europe/Berlin");
    expect(spring.map(hoursOf)).toEqual([24, 23, 24]);
    expect(daysBetween("2026-10-24", "2026-10-26", "Europe/Berlin").map(hoursOf)).toEqual([24, 25, 24]);
    // Clocks that are put forward at midnight leave the day's first hour out.
    expect(daysBetween("2026-09-05", "2026-09-07", "America/Santiago").map(hoursOf)).toEqual([24, 23, 24]);
    // Samoa had no 30 December 2011.
    expect(daysBetween("2011-12-29", "2011-12-31", "Pacific/Apia").map(hoursOf)).toEqual([24, 0, 24]);
    for (const zone of ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"]) {
      const year = daysBetween("2026-01-01", "2026-12-31", zone);
      year.slice(1).forEach((day, index) => expect(day.from).toBe(year[index]?.to));
      expect(year).toHaveLength(365);
    }
  });

  it("know a time zone from a word [accounting.zones]", () => {
    for (const zone of ["UTC", "Europe/Berlin", "Asia/Kathmandu"]) expect(isTimeZone(zone)).toBe(true);
    for (const zone of ["", "Berlin", "Mars/Olympus", "../etc"]) expect(isTimeZone(zone)).toBe(false);
  });
});

describe("a stretch of time", () => {
  it("is made up of rows, hours and whole days without gap or overlap [accounting.zones]", () => {
    const instant = integer({ min: 0, max: 40 * 24 * 60 }).map((minutes) => Date.UTC(2026, 0, 1) + minutes * 60_000);
    assert(
      property(instant, instant, boolean(), (a, b, wholeDays) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)].map((ms) => new Date(ms).toISOString()) as [string, string];
        pre(from !== to);
        const { rows, hours, days } = splitRange({ from, to }, "all", wholeDays);
        const all = [...rows, ...hours, ...days].toSorted((one, other) => (one.from < other.from ? -1 : 1));
        expect([all[0]?.from, all.at(-1)?.to]).toEqual([from, to]);
        all.slice(1).forEach((part, index) => expect(part.from).toBe(all[index]?.to));
        for (const { from: start, to: end } of hours)
          expect([start, end].join()).toMatch(/^.{13}:00:00.000Z,.{13}:00:00/);
        for (const { from: start, to: end } of days)
          expect([start, end].join()).toMatch(/T00:00:00.000Z,.{10}T00:00:00/);
        expect(rows.every((part) => Date.parse(part.to) - Date.parse(part.from) < 2 * 3_600_000)).toBe(true);
        if (!wholeDays) expect(days).toEqual([]);
      }),
    );
  });
});
