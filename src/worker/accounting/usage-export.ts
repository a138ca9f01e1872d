// A report as a file: one line for each day, person, project, agent and model, written day by day as it is fetched.
import { z } from "zod";
import { type LocalDay, splitRange } from "../../shared/accounting/report-range.ts";
import { SUM_NAMES } from "../../shared/accounting/report.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { csvLine } from "../http/csv-line.ts";
import { buildUsageQuery } from "./usage-query.ts";
import { ownAlone } from "./usage-access.ts";
import type { UsageExportFormat } from "./usage-export-place.ts";
import type { UsageReader, UsageRow } from "./usage-store.ts";

const KEYS = ["day", "user_id", "project_id", "agent_id", "model"] as const;
const HEADINGS = [...KEYS, "user", "project", ...SUM_NAMES];
/** Of one day. */
const MAX_LINES_A_DAY = 100_000;

const keySchema = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);

export function streamUsage(
  reader: UsageReader,
  principal: Principal,
  days: readonly LocalDay[],
  format: UsageExportFormat,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = writeLines(reader, principal, days, format);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await lines.return(undefined)),
  });
}

async function* writeLines(
  reader: UsageReader,
  principal: Principal,
  days: readonly LocalDay[],
  format: UsageExportFormat,
): AsyncGenerator<string, undefined> {
  yield format === "csv" ? csvLine(HEADINGS) : "[";
  let first = true;
  for (const day of days) {
    const lines = await linesOfDay(reader, principal, day);
    if (lines.length === 0) continue;
    if (format === "csv") yield lines.map((line) => csvLine(Object.values(line))).join("");
    else yield (first ? "\n" : ",\n") + lines.map((line) => JSON.stringify(line)).join(",\n");
    first = false;
  }
  if (format === "json") yield "\n]\n";
  return undefined;
}

async function linesOfDay(reader: UsageReader, principal: Principal, day: LocalDay) {
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
