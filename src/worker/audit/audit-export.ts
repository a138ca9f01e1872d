// The audit log as a file: each row whole, with its hashes, so that the chain can be checked wherever the file lies.
import { AUDIT_COLUMNS, type AuditRow } from "../../shared/audit/entry.ts";
import { csvLine } from "../http/csv-line.ts";
import type { AuditReader } from "./audit-store.ts";

export type AuditExportFormat = "csv" | "json";

const PAGE = 1_000;
const DAY_MS = 24 * 60 * 60_000;

export function streamAudit(
  reader: AuditReader,
  teamId: string,
  time: { from: string; to: string },
  format: AuditExportFormat,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = writeLines(reader, teamId, time, format);
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
  reader: AuditReader,
  teamId: string,
  { from, to }: { from: string; to: string },
  format: AuditExportFormat,
): AsyncGenerator<string, undefined> {
  const dayAfter = new Date(Date.parse(to) + DAY_MS).toISOString();
  yield format === "csv" ? csvLine(AUDIT_COLUMNS) : "[";
  let after = 0;
  for (let isFirst = true; ; isFirst = false) {
    const rows = await reader.ofTime(teamId, { from, to: dayAfter, after, limit: PAGE });
    if (rows.length > 0 && format === "csv") yield rows.map((row) => csvLine(cellsOf(row))).join("");
    if (rows.length > 0 && format === "json")
      yield (isFirst ? "\n" : ",\n") + rows.map((row) => JSON.stringify(row)).join(",\n");
    after = rows.at(-1)?.seq ?? after;
    if (rows.length < PAGE) break;
  }
  if (format === "json") yield "\n]\n";
  return undefined;
}

function cellsOf(row: AuditRow): (string | number)[] {
  return AUDIT_COLUMNS.map((name) => row[name] ?? "");
}
