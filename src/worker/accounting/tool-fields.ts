// Fields that the tools on usage share.
import { z } from "zod";
import { MAX_REPORT_DAYS, timeZoneSchema } from "../../shared/accounting/report.ts";
import type { ReportTime } from "./usage-parts.ts";

const dateSchema = z.iso.date();

export const reportTimeFields = {
  days: z
    .int()
    .min(1)
    .max(MAX_REPORT_DAYS)
    .optional()
    .describe(
      `The last so many days, today included: 1 to ${MAX_REPORT_DAYS}. Default 30, unless from and to are given.`,
    ),
  from: dateSchema.optional().describe("First day, such as 2026-11-01; with `to`."),
  to: dateSchema.optional().describe("Last day, included."),
  time_zone: timeZoneSchema.default("UTC").describe("Whose days: UTC, or one such as Europe/Berlin."),
};

type TimeArguments = {
  days?: number | undefined;
  from?: string | undefined;
  to?: string | undefined;
  time_zone: string;
};

const DEFAULT_DAYS = 30;

/** `from` and `to` go together, and not with `days`. */
export function checkReportTime({ days, from, to }: TimeArguments): boolean {
  return (from === undefined) === (to === undefined) && (days === undefined || from === undefined);
}

export const REPORT_TIME_PROBLEM = "give days, or from and to";

export function readReportTime({ days, from, to, time_zone }: TimeArguments): ReportTime {
  return from !== undefined && to !== undefined ? { from, to, time_zone } : { days: days ?? DEFAULT_DAYS, time_zone };
}
