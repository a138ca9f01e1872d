// Reports on what was used and what it cost: an owner's on the whole team, everybody else's on themselves.
import {
  daysBetween,
  lastDays,
  type LocalDay,
  type RangeParts,
  splitRange,
} from "../../shared/accounting/report-range.ts";
import {
  MAX_REPORT_DAYS,
  MAX_SESSION_REPORT_DAYS,
  NO_USAGE,
  type UsageFilters,
  type UsageGroup,
  type UsageSums,
} from "../../shared/accounting/report.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { ownAlone } from "./usage-access.ts";
import { streamTable, TABLE_FORMATS, type TableFormat, tableFileName } from "../http/table-file.ts";
import { USAGE_EXPORT_PATH, usageTable } from "./usage-export.ts";
import { asksForSessions, asksForTeamAlone, buildUsageQuery, type UsageQuestion } from "./usage-query.ts";
import type { Difference, NamedThings, UsageReader } from "./usage-store.ts";

/** The last so many days with today, or from one date to another. */
export type ReportTime = { time_zone: string } & ({ days: number } | { from: string; to: string });

export type UsageReportRequest = ReportTime & {
  group_by: UsageGroup;
  filters: UsageFilters;
  limit: number;
};

export type UsageReport = {
  /** Local dates, both included. */
  from: string;
  to: string;
  groups: ({ key: string; name: string | null } & UsageSums)[];
  has_more: boolean;
  totals: UsageSums;
};

export type UsageService = {
  report(principal: Principal, request: UsageReportRequest): Promise<UsageReport>;
  /** Sessions of that time, the current hour left out, whose cost is not what Claude Code reported. */
  differences(principal: Principal, time: ReportTime): Promise<Difference[]>;
  /** Where that report is to be had as a file. */
  locate(time: ReportTime, format: TableFormat): UsageExportPlace;
  stream(principal: Principal, time: ReportTime, format: TableFormat): ReadableStream<Uint8Array>;
  /** Removes rows that are older than what is kept; the sums stay. */
  sweep(): Promise<void>;
};

export type UsageExportPlace = { url: string; name: string; mime_type: string; from: string; to: string };

export type UsageServiceOptions = { reader: UsageReader; nowMs: () => number; keepDays: number; publicUrl: string };

const SWEEP_ROWS = 5_000;
const SWEEP_ROUNDS = 20;
/** Sums by day are worth their query from here on. */
const LONG_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1000;

export function createUsageService({ reader, nowMs, keepDays, publicUrl }: UsageServiceOptions): UsageService {
  return {
    async report(principal, request) {
      const days = readDays(request, nowMs());
      const asked = { teamId: principal.team_id, userId: ownAlone(principal), filters: request.filters };
      if (asksForSessions({ group: request.group_by, filters: request.filters })) refuseManyDays(days);
      const ask = async (group: UsageQuestion["group"], limit: number) =>
        reader.read(buildUsageQuery({ ...asked, group, parts: partsFor({ ...asked, group }, days) }, limit));
      const [groups, [totals]] = await Promise.all([ask(request.group_by, request.limit + 1), ask("all", 1)]);
      const shown = groups.slice(0, request.limit);
      const names = await nameGroups(reader, principal.team_id, request.group_by, shown);
      return {
        from: days[0]?.date ?? "",
        to: days.at(-1)?.date ?? "",
        groups: shown.map((group) => ({ ...group, name: names.get(group.key) ?? null })),
        has_more: groups.length > request.limit,
        totals: withoutKey(totals ?? { key: "", ...NO_USAGE }),
      };
    },
    async differences(principal, time) {
      const days = readDays(time, nowMs());
      if (days.length > MAX_SESSION_REPORT_DAYS) return [];
      const thisHour = new Date(nowMs()).toISOString().slice(0, 13);
      const [from, to] = [days[0]?.from.slice(0, 13) ?? thisHour, days.at(-1)?.to.slice(0, 13) ?? thisHour];
      return reader.differences(principal.team_id, ownAlone(principal), { from, to: to < thisHour ? to : thisHour });
    },
    locate(time, format) {
      const days = readDays(time, nowMs());
      const [from, to] = [days[0]?.date ?? "", days.at(-1)?.date ?? ""];
      const query = new URLSearchParams({ format, from, to, time_zone: time.time_zone });
      const { mimeType: mime_type } = TABLE_FORMATS[format];
      const url = `${publicUrl}${USAGE_EXPORT_PATH}?${query.toString()}`;
      return { url, name: tableFileName({ of: "usage", from, to, format }), mime_type, from, to };
    },
    stream: (principal, time, format) => streamTable(usageTable(reader, principal, readDays(time, nowMs())), format),
    async sweep() {
      const before = new Date(nowMs() - keepDays * DAY_MS).toISOString();
      for (let round = 0; round < SWEEP_ROUNDS; round += 1) {
        if ((await reader.removeBefore(before, SWEEP_ROWS)) < SWEEP_ROWS) return;
      }
    },
  };
}

/** All days of the report; refuses more than one can be had for. */
function readDays(time: ReportTime, nowMs: number): LocalDay[] {
  if ("days" in time) return lastDays(time.days, time.time_zone, nowMs);
  if (time.from > time.to) throw new AppError("invalid_argument", "`from` is after `to`.");
  if (Date.parse(time.to) - Date.parse(time.from) >= MAX_REPORT_DAYS * DAY_MS) {
    throw new AppError("invalid_argument", `A report covers at most ${MAX_REPORT_DAYS} days. Ask for it in parts.`);
  }
  return daysBetween(time.from, time.to, time.time_zone);
}

function refuseManyDays(days: LocalDay[]): void {
  if (days.length <= MAX_SESSION_REPORT_DAYS) return;
  const message = `A report by session covers at most ${MAX_SESSION_REPORT_DAYS} days. Ask for it in parts.`;
  throw new AppError("invalid_argument", message);
}

function partsFor(question: Omit<UsageQuestion, "parts">, days: LocalDay[]): RangeParts {
  // The team's own sums by hour are few: those by day would not be fewer by much.
  const wholeDays = !asksForSessions(question) && !asksForTeamAlone(question) && days.length > LONG_DAYS;
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return { rows: [], hours: [], days: [] };
  if (question.group !== "day") return splitRange({ from: first.from, to: last.to }, "", wholeDays);
  const parts = days.map((day) => splitRange(day, day.date, wholeDays));
  const all = (kind: keyof RangeParts) => parts.flatMap((part) => part[kind]);
  return { rows: all("rows"), hours: all("hours"), days: all("days") };
}

async function nameGroups(reader: UsageReader, teamId: string, group: UsageGroup, rows: { key: string }[]) {
  if (group === "day" || group === "model" || group === "agent") return new Map<string, string>();
  const things: NamedThings = group;
  return reader.names(
    things,
    teamId,
    rows.map(({ key }) => key),
  );
}

function withoutKey({ key: _key, ...sums }: { key: string } & UsageSums): UsageSums {
  return sums;
}
