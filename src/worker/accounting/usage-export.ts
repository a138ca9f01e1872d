// A report as a table: one line for each day, person, project, agent and model, read day by day.
import { z } from "zod";
import { type LocalDay, splitRange } from "../../shared/accounting/report-range.ts";
import { SUM_NAMES } from "../../shared/accounting/report.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Table, TableRow } from "../http/table-file.ts";
import { buildUsageQuery } from "./usage-query.ts";
import { ownAlone } from "./usage-access.ts";
import type { UsageReader, UsageRow } from "./usage-store.ts";

export const USAGE_EXPORT_PATH = "/mcp/usage/export";

const KEYS = ["day", "user_id", "project_id", "agent_id", "model"] as const;
const HEADINGS = [...KEYS, "user", "project", ...SUM_NAMES];
/** Of one day. */
const MAX_LINES_A_DAY = 100_000;

const keySchema = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);

export function usageTable(reader: UsageReader, principal: Principal, days: readonly LocalDay[]): Table {
  return { columns: HEADINGS, pages: readPages(reader, principal, days) };
}

async function* readPages(reader: UsageReader, principal: Principal, days: readonly LocalDay[]) {
  for (const day of days) yield await linesOfDay(reader, principal, day);
}

async function linesOfDay(reader: UsageReader, principal: Principal, day: LocalDay): Promise<TableRow[]> {
  const asked = { teamId: principal.team_id, userId: ownAlone(principal), group: "line", filters: {} } as const;
  const rows = await reader.read(
    buildUsageQuery({ ...asked, parts: splitRange(day, day.date, false) }, MAX_LINES_A_DAY),
  );
  const keys = rows.map(({ key }) => keySchema.parse(JSON.parse(key)));
  const idsAt = (index: number) => [...new Set(keys.map((key) => key[index] ?? ""))];
  const users = await reader.names("user", principal.team_id, idsAt(KEYS.indexOf("user_id")));
  const projects = await reader.names("project", principal.team_id, idsAt(KEYS.indexOf("project_id")));
  return rows.map((row, index) => {
    const [date = "", user = "", project = "", agent = "", model = ""] = keys[index] ?? [];
    const names = { user: users.get(user) ?? "", project: projects.get(project) ?? "" };
    return { day: date, user_id: user, project_id: project, agent_id: agent, model, ...names, ...sumsOf(row) };
  });
}

function sumsOf(row: UsageRow): Record<string, number> {
  return Object.fromEntries(SUM_NAMES.map((name) => [name, row[name]]));
}
