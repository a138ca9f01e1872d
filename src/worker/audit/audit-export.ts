// The audit log as a table: each row whole, with its hashes, so that the chain can be checked wherever the file lies.
import { AUDIT_COLUMNS, type AuditRow } from "../../shared/audit/entry.ts";
import type { Table } from "../http/table-file.ts";
import type { AuditReader } from "./audit-store.ts";

export const AUDIT_EXPORT_PATH = "/mcp/audit/export";

const PAGE = 1_000;

type Days = { from: string; to: string };

export function auditTable(reader: AuditReader, teamId: string, days: Days): Table {
  return { columns: AUDIT_COLUMNS, pages: readPages(reader, teamId, days) };
}

async function* readPages(reader: AuditReader, teamId: string, { from, to }: Days): AsyncGenerator<AuditRow[]> {
  // Times are compared as texts: this one is after all of its day, also of the last day that has four digits.
  const time = { from, to: `${to}T24` };
  for (let after = 0; ;) {
    const rows = await reader.ofTime(teamId, { ...time, after, limit: PAGE });
    yield rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return;
    after = last.seq;
  }
}
