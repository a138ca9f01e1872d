// What the object owes D1, written with the fact and kept until D1 has it. One row a key: the newest state wins.
import { z } from "zod";
import type { ObjectSql } from "../sql/migrate.ts";

/** The table, for the migrations of objects that owe D1 something. */
export const OUTBOX_SCHEMA = `
  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    UNIQUE (kind, key)
  );
`;

export const OUTBOX_KINDS = [
  "session",
  "model_usage",
  "agent_execution",
  "settlement",
  "process",
  "audit",
  "checkpoint_refs",
  "checkpoint",
  "checkpoint_head",
  "checkpoint_gone",
] as const;
export type OutboxKind = (typeof OUTBOX_KINDS)[number];
/** Column names of the table in D1, and their values. */
export type OutboxPayload = Record<string, string | number | null>;
export type OutboxRow = { id: number; kind: OutboxKind; payload: OutboxPayload };

const rowSchema = z.object({
  id: z.number(),
  kind: z.enum(OUTBOX_KINDS),
  payload: z
    .string()
    .transform((text) => z.record(z.string(), z.union([z.string(), z.number(), z.null()])).parse(JSON.parse(text))),
});

export type OutboxStore = {
  put(kind: OutboxKind, key: string, payload: OutboxPayload): void;
  /** What is owed already stays as it is. */
  putOnce(kind: OutboxKind, key: string, payload: OutboxPayload): void;
  pending(limit: number): OutboxRow[];
  /** Removes a delivered row, unless a newer state took its place meanwhile. */
  remove(id: number): void;
  /** Takes back everything of a kind. */
  drop(kind: OutboxKind): void;
};

/** `onOwed` sees to the delivery; it is called in the same breath as the fact is written. */
export function createOutboxStore(sql: ObjectSql, onOwed: () => void): OutboxStore {
  return {
    put(kind, key, payload) {
      // A replaced row gets a new id, so that a delivery under way does not remove what it did not carry.
      sql.exec("DELETE FROM outbox WHERE kind = ? AND key = ?", kind, key);
      sql.exec("INSERT INTO outbox (kind, key, payload) VALUES (?, ?, ?)", kind, key, JSON.stringify(payload));
      onOwed();
    },
    putOnce(kind, key, payload) {
      const text = JSON.stringify(payload);
      sql.exec("INSERT OR IGNORE INTO outbox (kind, key, payload) VALUES (?, ?, ?)", kind, key, text);
      onOwed();
    },
    pending: (limit) =>
      sql
        .exec("SELECT id, kind, payload FROM outbox ORDER BY id LIMIT ?", limit)
        .toArray()
        .map((row) => rowSchema.parse(row)),
    remove(id) {
      sql.exec("DELETE FROM outbox WHERE id = ?", id);
    },
    drop(kind) {
      sql.exec("DELETE FROM outbox WHERE kind = ?", kind);
    },
  };
}
