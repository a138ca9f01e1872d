// Reads the audit log from D1; rows get there by the Team objects alone.
import { z } from "zod";
import { type AuditRow, auditRowSchema } from "../../shared/audit/entry.ts";

export type AuditFilters = {
  /** ISO 8601; `to` is left out itself. */
  from?: string | undefined;
  to?: string | undefined;
  user_id?: string | undefined;
  client_id?: string | undefined;
  /** Exact, or with `.*` at its end all below. */
  action?: string | undefined;
  target_id?: string | undefined;
  outcome?: string | undefined;
};

export type NamedAuditRow = AuditRow & { user: string | null };

export type AuditReader = {
  /** The newest first, of those before that number. */
  newest(
    teamId: string,
    filters: AuditFilters,
    page: { before: number | null; limit: number },
  ): Promise<NamedAuditRow[]>;
  /** In order, after that number up to another. A row that is none comes as null. */
  inOrder(teamId: string, range: { after: number; upTo: number; limit: number }): Promise<(AuditRow | null)[]>;
  /** In order, of a time. */
  ofTime(teamId: string, time: { from: string; to: string; after: number; limit: number }): Promise<AuditRow[]>;
  /** The first row with a number that is not within 1…last. */
  outside(teamId: string, last: number): Promise<number | null>;
};

const namedSchema = auditRowSchema.extend({ user: z.string().nullable() });

const NAMED = `SELECT l.*, u.display_name AS user FROM audit_log l LEFT JOIN users u ON u.id = l.user_id
  WHERE l.team_id = ?`;

export function createAuditReader(database: D1Database): AuditReader {
  const all = async (sql: string, ...bindings: (string | number)[]): Promise<unknown[]> =>
    (
      await database
        .prepare(sql)
        .bind(...bindings)
        .all()
    ).results;
  return {
    async newest(teamId, filters, { before, limit }) {
      const conditions = conditionsOf(filters, before);
      const where = conditions.map(({ sql }) => ` AND ${sql}`).join("");
      const values = conditions.map(({ value }) => value);
      const rows = await all(`${NAMED}${where} ORDER BY l.seq DESC LIMIT ?`, teamId, ...values, limit);
      return rows.map((row) => namedSchema.parse(row));
    },
    async inOrder(teamId, { after, upTo, limit }) {
      const sql = "SELECT * FROM audit_log WHERE team_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?";
      const rows = await all(sql, teamId, after, upTo, limit);
      return rows.map((row) => auditRowSchema.safeParse(row).data ?? null);
    },
    async ofTime(teamId, { from, to, after, limit }) {
      const sql = `SELECT * FROM audit_log WHERE team_id = ? AND seq > ? AND at >= ? AND at < ? ORDER BY seq LIMIT ?`;
      const rows = await all(sql, teamId, after, from, to, limit);
      return rows.map((row) => auditRowSchema.parse(row));
    },
    async outside(teamId, last) {
      const sql = "SELECT seq FROM audit_log WHERE team_id = ? AND (seq < 1 OR seq > ?) ORDER BY seq LIMIT 1";
      const row = await database.prepare(sql).bind(teamId, last).first<{ seq: number }>();
      return row?.seq ?? null;
    },
  };
}

function conditionsOf(filters: AuditFilters, before: number | null): { sql: string; value: string | number }[] {
  const below = filters.action?.endsWith(".*") ? filters.action.slice(0, -1) : undefined;
  const given = [
    ["l.seq < ?", before ?? undefined],
    ["l.at >= ?", filters.from],
    ["l.at < ?", filters.to],
    ["l.user_id = ?", filters.user_id],
    ["l.client_id = ?", filters.client_id],
    ["l.action = ?", below === undefined ? filters.action : undefined],
    ["instr(l.action, ?) = 1", below],
    ["l.target_id = ?", filters.target_id],
    ["l.outcome = ?", filters.outcome],
  ] as const;
  return given.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
}
