// Prompts that join a running turn: kept until the runner has them, so that none is lost on the way.
import { z } from "zod";
import type { ObjectSql } from "../sql/migrate.ts";

export const STEER_SCHEMA = `
  ALTER TABLE session ADD COLUMN preferred_model TEXT;
  ALTER TABLE session ADD COLUMN preferred_permission_mode TEXT;
  CREATE TABLE steers (
    steer_id TEXT PRIMARY KEY,
    turn_id TEXT NOT NULL,
    prompt TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    submitted_cursor INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0
  );
`;

const rowSchema = z.object({
  steer_id: z.string(),
  /** The turn that it joins; after a turn that ended first, the one that it became. */
  turn_id: z.string(),
  prompt: z.string(),
  idempotency_key: z.string().nullable(),
  submitted_cursor: z.number(),
});
export type SteerRow = z.infer<typeof rowSchema>;

export type SteerStore = {
  add(steer: SteerRow): void;
  findByKey(idempotencyKey: string): SteerRow | null;
  /** Not known to be at the runner yet, in order. */
  pending(): SteerRow[];
  countPending(): number;
  /** The runner has it, or it became a turn of its own. */
  settle(steerId: string, turnId: string): void;
};

export function createSteerStore(sql: ObjectSql): SteerStore {
  const all = (where: string, ...bindings: SqlStorageValue[]): SteerRow[] =>
    sql
      .exec(`SELECT * FROM steers ${where}`, ...bindings)
      .toArray()
      .map((row) => rowSchema.parse(row));
  return {
    add(steer) {
      sql.exec(
        "INSERT INTO steers (steer_id, turn_id, prompt, idempotency_key, submitted_cursor) VALUES (?, ?, ?, ?, ?)",
        steer.steer_id,
        steer.turn_id,
        steer.prompt,
        steer.idempotency_key,
        steer.submitted_cursor,
      );
    },
    findByKey: (idempotencyKey) => all("WHERE idempotency_key = ?", idempotencyKey)[0] ?? null,
    pending: () => all("WHERE settled = 0 ORDER BY rowid"),
    countPending: () => sql.exec<{ n: number }>("SELECT count(*) AS n FROM steers WHERE settled = 0").one().n,
    settle(steerId, turnId) {
      sql.exec("UPDATE steers SET settled = 1, turn_id = ? WHERE steer_id = ?", turnId, steerId);
    },
  };
}
