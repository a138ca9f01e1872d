// Which days a report is about, and which sums it is made up of: refuses what is too much, or not kept any more.
import { type KeptSince, whatIsGone } from "../../shared/accounting/kept-usage.ts";
import {
  daysBetween,
  lastDays,
  type LocalDay,
  type RangeParts,
  splitRange,
} from "../../shared/accounting/report-range.ts";
import { MAX_REPORT_DAYS, MAX_SESSION_REPORT_DAYS } from "../../shared/accounting/report.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { asksForSessions, asksForTeamAlone, type UsageQuestion } from "./usage-query.ts";

/** The last so many days with today, or from one date to another. */
export type ReportTime = { time_zone: string } & ({ days: number } | { from: string; to: string });

/** Sums by day are worth their query from here on. */
const LONG_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1000;

/** All days of the report; refuses more than one can be had for. */
export function readDays(time: ReportTime, nowMs: number): LocalDay[] {
  if ("days" in time) return lastDays(time.days, time.time_zone, nowMs);
  if (time.from > time.to) throw new AppError("invalid_argument", "`from` is after `to`.");
  if (Date.parse(time.to) - Date.parse(time.from) >= MAX_REPORT_DAYS * DAY_MS) {
    throw new AppError("invalid_argument", `A report covers at most ${MAX_REPORT_DAYS} days. Ask for it in parts.`);
  }
  return daysBetween(time.from, time.to, time.time_zone);
}

export function refuseManyDays(days: readonly LocalDay[]): void {
  if (days.length <= MAX_SESSION_REPORT_DAYS) return;
  const message = `A report by session covers at most ${MAX_SESSION_REPORT_DAYS} days. Ask for it in parts.`;
  throw new AppError("invalid_argument", message);
}

export function partsFor(
  question: Omit<UsageQuestion, "parts">,
  days: readonly LocalDay[],
  kept: KeptSince,
): RangeParts {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return { rows: [], hours: [], days: [] };
  // The team's own sums by hour are few, and stay: those by day would not be fewer by much.
  const isTeamAlone = asksForTeamAlone(question);
  const isLongOrOld = days.length > LONG_DAYS || first.from < kept.hours;
  const wholeDays = !asksForSessions(question) && !isTeamAlone && isLongOrOld;
  const isByDay = question.group === "day" || question.group === "line";
  const split = isByDay
    ? days.map((day) => splitRange(day, day.date, wholeDays))
    : [splitRange({ from: first.from, to: last.to }, "", wholeDays)];
  const all = (kind: keyof RangeParts) => split.flatMap((part) => part[kind]);
  const parts = { rows: all("rows"), hours: all("hours"), days: all("days") };
  const problem = whatIsGone(isTeamAlone ? { ...parts, hours: [] } : parts, kept);
  if (problem !== null) throw new AppError("invalid_argument", problem);
  return parts;
}
