// Reports on what was used and what it cost: an owner's on the whole team, everybody else's on themselves.
import { type Keeping, keptSince } from "../../shared/accounting/kept-usage.ts";
import {
  MAX_SESSION_REPORT_DAYS,
  NO_USAGE,
  type UsageFilters,
  type UsageGroup,
  type UsageSums,
} from "../../shared/accounting/report.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { ownAlone } from "./usage-access.ts";
import { streamTable, TABLE_FORMATS, type TableFormat, tableFileName } from "../http/table-file.ts";
import { USAGE_EXPORT_PATH, usageTable } from "./usage-export.ts";
import { partsFor, readDays, refuseManyDays, type ReportTime } from "./usage-parts.ts";
import { asksForSessions, buildUsageQuery, type UsageQuestion } from "./usage-query.ts";
import type { Difference, NamedThings, UsageReader } from "./usage-store.ts";

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
  /**
   * Sessions at rest, of that time without the current hour, whose cost is not what Claude Code reported. Null where they
   * are not looked at: over more days than a report by session covers, or when their sums by the hour are gone.
   */
  differences(principal: Principal, time: ReportTime): Promise<Difference[] | null>;
  /** Where that report is to be had as a file. */
  locate(time: ReportTime, format: TableFormat): UsageExportPlace;
  stream(principal: Principal, time: ReportTime, format: TableFormat): ReadableStream<Uint8Array>;
  /** Removes rows and sums by the hour that are older than what is kept; sums by day stay. */
  sweep(): Promise<void>;
};

export type UsageExportPlace = { url: string; name: string; mime_type: string; from: string; to: string };

export type UsageServiceOptions = { reader: UsageReader; nowMs: () => number; keeping: Keeping; publicUrl: string };

const SWEEP_ROWS = 5_000;
const SWEEP_ROUNDS = 20;
/** Of 2026-11-21T19. */
const HOUR_LENGTH = 13;

export function createUsageService({ reader, nowMs, keeping, publicUrl }: UsageServiceOptions): UsageService {
  const kept = () => keptSince(keeping, nowMs());
  return {
    async report(principal, request) {
      const days = readDays(request, nowMs());
      const asked = { teamId: principal.team_id, userId: ownAlone(principal), filters: request.filters };
      if (asksForSessions({ group: request.group_by, filters: request.filters })) refuseManyDays(days);
      const ask = async (group: UsageQuestion["group"], limit: number) =>
        reader.read(buildUsageQuery({ ...asked, group, parts: partsFor({ ...asked, group }, days, kept()) }, limit));
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
      if (days.length > MAX_SESSION_REPORT_DAYS || (days[0]?.from ?? "") < kept().hours) return null;
      const thisHour = new Date(nowMs()).toISOString().slice(0, HOUR_LENGTH);
      const [from, to] = [
        days[0]?.from.slice(0, HOUR_LENGTH) ?? thisHour,
        days.at(-1)?.to.slice(0, HOUR_LENGTH) ?? thisHour,
      ];
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
    stream: (principal, time, format) =>
      streamTable(usageTable(reader, principal, readDays(time, nowMs()), kept()), format),
    async sweep() {
      const { rows, hours } = kept();
      await sweep((limit) => reader.removeRows(rows, limit));
      await sweep((limit) => reader.removeHours(hours.slice(0, HOUR_LENGTH), limit));
    },
  };
}

/** So many at a time, and so many times: what is left goes with the next run. */
async function sweep(remove: (limit: number) => Promise<number>): Promise<void> {
  for (let round = 0; round < SWEEP_ROUNDS; round += 1) if ((await remove(SWEEP_ROWS)) < SWEEP_ROWS) return;
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
