// A report as a table: one line for each day, person, project, agent and model, read page by page.
import { z } from "zod";
import type { KeptSince } from "../../shared/accounting/kept-usage.ts";
import type { LocalDay } from "../../shared/accounting/report-range.ts";
import { SUM_NAMES } from "../../shared/accounting/report.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Table, TableRow } from "../http/table-file.ts";
import { partsFor } from "./usage-parts.ts";
import { buildUsageQuery, type UsageQuestion } from "./usage-query.ts";
import { ownAlone } from "./usage-access.ts";
import type { UsageReader, UsageRow } from "./usage-store.ts";

export const USAGE_EXPORT_PATH = "/mcp/usage/export";

const KEYS = ["day", "user_id", "project_id", "agent_id", "model"] as const;
const HEADINGS = [...KEYS, "user", "project", ...SUM_NAMES];
/** Of one day; each is a query of its own. */
const PAGE_LINES = 2_000;

const keySchema = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);

/** Refuses, before the first line, what is not kept any more. */
export function usageTable(
  reader: UsageReader,
  principal: Principal,
  days: readonly LocalDay[],
  kept: KeptSince,
): Table {
  const asked = { teamId: principal.team_id, userId: ownAlone(principal), group: "line", filters: {} } as const;
  const questions = days.map((day) => ({ ...asked, parts: partsFor(asked, [day], kept) }));
  return { columns: HEADINGS, pages: readPages(reader, questions) };
}

async function* readPages(reader: UsageReader, questions: readonly UsageQuestion[]): AsyncGenerator<TableRow[]> {
  for (const question of questions) {
    let rows: UsageRow[] = [];
    do {
      const after = rows.at(-1)?.key;
      const page = after === undefined ? question : { ...question, after };
      rows = await reader.read(buildUsageQuery(page, PAGE_LINES));
      if (rows.length > 0) yield await toLines(reader, question.teamId, rows);
    } while (rows.length === PAGE_LINES);
  }
}

async function toLines(reader: UsageReader, teamId: string, rows: readonly UsageRow[]): Promise<TableRow[]> {
  const keys = rows.map(({ key }) => keySchema.parse(JSON.parse(key)));
  const idsAt = (index: number) => [...new Set(keys.map((key) => key[index] ?? ""))];
  const users = await reader.names("user", teamId, idsAt(KEYS.indexOf("user_id")));
  const projects = await reader.names("project", teamId, idsAt(KEYS.indexOf("project_id")));
  return rows.map((row, index) => {
    const [date = "", user = "", project = "", agent = "", model = ""] = keys[index] ?? [];
    const names = { user: users.get(user) ?? "", project: projects.get(project) ?? "" };
    return { day: date, user_id: user, project_id: project, agent_id: agent, model, ...names, ...sumsOf(row) };
  });
}

function sumsOf(row: UsageRow): Record<string, number> {
  return Object.fromEntries(SUM_NAMES.map((name) => [name, row[name]]));
}
