// The audit log for a team's owners: what is in it, as a file, and whether it still is what was written.
import type { ChainProblem } from "../../shared/audit/check-chain.ts";
import type { Sha256Hex } from "../../shared/audit/entry.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { AuditApi } from "../../shared/rpc/audit-api.ts";
import { mayOversee, type Principal } from "../../shared/teams/principal.ts";
import { streamTable, TABLE_FORMATS, type TableFormat, tableFileName } from "../http/table-file.ts";
import { AUDIT_EXPORT_PATH, auditTable } from "./audit-export.ts";
import type { AuditFilters, AuditReader, NamedAuditRow } from "./audit-store.ts";
import { verifyChain } from "./verify-chain.ts";

export type AuditPage = { entries: NamedAuditRow[]; next_before_seq: number | null };

export type Verification = {
  intact: boolean;
  /** Rows that were held against the chain in this call. */
  checked: number;
  head_seq: number;
  /** Rows that the team's object has and D1 not yet. */
  on_the_way: number;
  problem: ChainProblem | null;
  /** Where to go on when there were too many for one call. */
  next_from_seq: number | null;
};

/** Dates, both included, in UTC. */
export type AuditTime = { from: string; to: string };
export type AuditExportPlace = AuditTime & { url: string; name: string; mime_type: string };

export type AuditService = {
  query(
    principal: Principal,
    filters: AuditFilters,
    page: { before: number | null; limit: number },
  ): Promise<AuditPage>;
  verify(principal: Principal, fromSeq: number): Promise<Verification>;
  locate(principal: Principal, time: AuditTime, format: TableFormat): AuditExportPlace;
  stream(principal: Principal, time: AuditTime, format: TableFormat): ReadableStream<Uint8Array>;
};

export type AuditServiceOptions = {
  reader: AuditReader;
  team: (teamId: string) => Pick<AuditApi, "auditMarks">;
  sha256Hex: Sha256Hex;
  publicUrl: string;
};

export function createAuditService({ reader, team, sha256Hex, publicUrl }: AuditServiceOptions): AuditService {
  return {
    async query(principal, filters, { before, limit }) {
      requireOwner(principal);
      // Also brings to D1 what is still on its way, so that a question right after a call finds it.
      await team(principal.team_id).auditMarks(principal.team_id);
      const rows = await reader.newest(principal.team_id, filters, { before, limit: limit + 1 });
      const entries = rows.slice(0, limit);
      return { entries, next_before_seq: rows.length > limit ? (entries.at(-1)?.seq ?? null) : null };
    },
    async verify(principal, fromSeq) {
      requireOwner(principal);
      const { team_id } = principal;
      return verifyChain({ reader, sha256Hex, marks: () => team(team_id).auditMarks(team_id) }, team_id, fromSeq);
    },
    locate(principal, { from, to }, format) {
      requireOwner(principal);
      requireDays({ from, to });
      const query = new URLSearchParams({ format, from, to });
      const { mimeType: mime_type } = TABLE_FORMATS[format];
      const url = `${publicUrl}${AUDIT_EXPORT_PATH}?${query.toString()}`;
      return { url, name: tableFileName({ of: "audit", from, to, format }), mime_type, from, to };
    },
    stream(principal, time, format) {
      requireOwner(principal);
      requireDays(time);
      return streamTable(auditTable(reader, principal.team_id, time), format);
    },
  };
}

function requireDays({ from, to }: AuditTime): void {
  if (from > to) throw new AppError("invalid_argument", "`from` is after `to`.");
}

function requireOwner(principal: Principal): void {
  if (mayOversee(principal)) return;
  throw new AppError("role_not_allowed", "Only an owner of the team reads its audit log. Ask one of them.");
}
