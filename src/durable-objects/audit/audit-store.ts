// The team's end of the audit chain in its own SQLite: the head, rows that D1 does not have yet, and what was only announced.
import { z } from "zod";
import {
  type AuditFact,
  auditFactSchema,
  type AuditMark,
  type AuditRow,
  auditRowSchema,
  CHAIN_START,
} from "../../shared/audit/entry.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const AUDIT_SCHEMA = `
  CREATE TABLE audit_marks (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE audit_outbox (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL);
  CREATE TABLE audit_announced (entry_id TEXT PRIMARY KEY, fact TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE audit_known (entry_id TEXT NOT NULL, outcome TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (entry_id, outcome)) WITHOUT ROWID;
  CREATE INDEX audit_known_age ON audit_known (until);
`;

/** Whoever tells of a fact tells of it again for no longer than this. */
const KNOWN_FOR_MS = 30 * 24 * 60 * 60_000;

type MarkName = "head" | "delivered";

export type AuditStore = {
  mark(name: MarkName): AuditMark;
  announce(fact: AuditFact, expiresAtMs: number): void;
  /** Announced, and nobody said in time how it ended. */
  overdue(nowMs: number): AuditFact[];
  nextExpiry(): number | null;
  /** Whether this fact has its place with this outcome. */
  isKnown(fact: AuditFact): boolean;
  /** Whether it has a place with any outcome. */
  hasPlace(fact: AuditFact): boolean;
  /** Moves the head; the row waits for its delivery. */
  append(row: AuditRow, nowMs: number): void;
  undelivered(limit: number): AuditRow[];
  delivered(row: AuditRow): void;
};

const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)));
const announcedSchema = z.object({ fact: json(auditFactSchema) });
const entrySchema = z.object({ entry: json(auditRowSchema) });

export function createAuditStore(sql: ObjectSql): AuditStore {
  const setMark = (name: MarkName, { seq, hash }: AuditMark): void => {
    sql.exec("INSERT OR REPLACE INTO audit_marks (name, seq, hash) VALUES (?, ?, ?)", name, seq, hash);
  };
  return {
    mark(name) {
      const rows = sql.exec<AuditMark>("SELECT seq, hash FROM audit_marks WHERE name = ?", name).toArray();
      return rows[0] ?? CHAIN_START;
    },
    announce(fact, expiresAtMs) {
      const values = [fact.entry_id, JSON.stringify(fact), expiresAtMs];
      sql.exec("INSERT OR IGNORE INTO audit_announced (entry_id, fact, expires_at) VALUES (?, ?, ?)", ...values);
    },
    overdue: (nowMs) =>
      sql
        .exec("SELECT fact FROM audit_announced WHERE expires_at <= ? ORDER BY expires_at", nowMs)
        .toArray()
        .map((row) => announcedSchema.parse(row).fact),
    nextExpiry: () => sql.exec<{ at: number | null }>("SELECT min(expires_at) AS at FROM audit_announced").one().at,
    isKnown: ({ entry_id, outcome }) =>
      sql.exec("SELECT 1 FROM audit_known WHERE entry_id = ? AND outcome = ?", entry_id, outcome).toArray().length > 0,
    hasPlace: ({ entry_id }) =>
      sql.exec("SELECT 1 FROM audit_known WHERE entry_id = ? LIMIT 1", entry_id).toArray().length > 0,
    append(row, nowMs) {
      sql.exec("INSERT INTO audit_outbox (seq, entry) VALUES (?, ?)", row.seq, JSON.stringify(row));
      setMark("head", row);
      sql.exec("DELETE FROM audit_announced WHERE entry_id = ?", row.entry_id);
      const known = [row.entry_id, row.outcome, nowMs + KNOWN_FOR_MS];
      sql.exec("INSERT INTO audit_known (entry_id, outcome, until) VALUES (?, ?, ?)", ...known);
      sql.exec("DELETE FROM audit_known WHERE until <= ?", nowMs);
    },
    undelivered: (limit) =>
      sql
        .exec("SELECT entry FROM audit_outbox ORDER BY seq LIMIT ?", limit)
        .toArray()
        .map((row) => entrySchema.parse(row).entry),
    delivered(row) {
      sql.exec("DELETE FROM audit_outbox WHERE seq <= ?", row.seq);
      setMark("delivered", row);
    },
  };
}
