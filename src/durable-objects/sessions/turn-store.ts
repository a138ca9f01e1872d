// The session's turns: each prompt or follow-up, its options, and how it ended.
import { z } from "zod";
import { type PermissionMode, permissionModeSchema } from "../../shared/permissions/permission-mode.ts";
import { uploadedBytes } from "../../shared/attachments/schema.ts";
import {
  TURN_ORIGINS,
  turnOptionsSchema,
  turnResultSchema,
  turnStatusSchema,
  type TurnResult,
  type TurnStatus,
} from "../../shared/sessions/schema.ts";
import type { ObjectSql } from "../sql/migrate.ts";
import { type AttachedBytes, createAttachedBytes } from "./attached-bytes-store.ts";

const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)));

const turnRowSchema = z.object({
  turn_id: z.string(),
  number: z.number(),
  origin: z.enum(TURN_ORIGINS),
  status: turnStatusSchema,
  reason: z.string().nullable(),
  prompt: z.string(),
  options: json(turnOptionsSchema),
  permission_mode: permissionModeSchema,
  allow_bypass: z.number().transform((value) => value === 1),
  idempotency_key: z.string().nullable(),
  submitted_cursor: z.number(),
  /** The runtime that the turn was handed to; null before. */
  runtime_id: z.string().nullable(),
  interrupt_requested: z.number().transform((value) => value === 1),
  /** What the turn's first event says besides. */
  notes: json(z.array(z.string())),
  result: json(turnResultSchema).nullable(),
  created_at: z.string(),
  /** W3C trace context of the request that it came with; null for none. */
  traceparent: z.string().nullable(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});
export type TurnRow = z.infer<typeof turnRowSchema>;

export type NewTurn = Pick<
  TurnRow,
  | "turn_id"
  | "origin"
  | "status"
  | "prompt"
  | "options"
  | "permission_mode"
  | "allow_bypass"
  | "idempotency_key"
  | "submitted_cursor"
  | "runtime_id"
  | "created_at"
> & { traceparent?: string | null };

export type TurnStore = AttachedBytes & {
  add(turn: NewTurn): TurnRow;
  get(turnId: string): TurnRow | null;
  findByKey(idempotencyKey: string): TurnRow | null;
  newest(): TurnRow | null;
  /** The one that began last; those that wait do not count. */
  newestStarted(): TurnRow | null;
  /** True when a turn was handed to that runtime. */
  hasAnyOf(runtimeId: string): boolean;
  /** Handed over or running, and not ended. */
  open(): TurnRow[];
  /** The first that waits. */
  nextQueued(): TurnRow | null;
  queued(): TurnRow[];
  /** How many are open, and how many wait: cheap, because every step of a drive asks. */
  countUnended(): { open: number; queued: number };
  count(): number;
  /** Ended turns that hold lease or slot as far as this object knows. */
  unreleased(): TurnRow[];
  markReleased(turnId: string): void;
  /** Bound to a runtime right before the hand-over, so that a restart knows where to look for it. */
  handOver(turnId: string, runtimeId: string, notes: readonly string[]): void;
  /** To a ceiling that is narrower than the mode. */
  cutMode(turnId: string, mode: PermissionMode, allowBypass: boolean): void;
  markStarted(turnId: string, at: string): void;
  requestInterrupt(turnId: string): void;
  setReason(turnId: string, reason: string): void;
  finish(turnId: string, end: { status: TurnStatus; reason: string; at: string; result: TurnResult | null }): void;
};

export function createTurnStore(sql: ObjectSql): TurnStore {
  const all = (where: string, ...bindings: SqlStorageValue[]): TurnRow[] =>
    sql
      .exec(`SELECT * FROM turns ${where}`, ...bindings)
      .toArray()
      .map((row) => turnRowSchema.parse(row));
  const first = (where: string, ...bindings: SqlStorageValue[]): TurnRow | null => all(where, ...bindings)[0] ?? null;
  const get = (turnId: string): TurnRow | null => first("WHERE turn_id = ?", turnId);
  const count = (): number => sql.exec<{ n: number }>("SELECT count(*) AS n FROM turns").one().n;

  return {
    get,
    count,
    add(turn) {
      insertTurn(sql, turn, count() + 1);
      const added = get(turn.turn_id);
      if (added === null) throw new Error("a turn that was just added is missing");
      return added;
    },
    findByKey: (idempotencyKey) => first("WHERE idempotency_key = ?", idempotencyKey),
    newest: () => first("ORDER BY number DESC LIMIT 1"),
    newestStarted: () => first("WHERE started_at IS NOT NULL ORDER BY started_at DESC, number DESC LIMIT 1"),
    hasAnyOf: (runtimeId) =>
      sql.exec("SELECT 1 FROM turns WHERE runtime_id = ? LIMIT 1", runtimeId).toArray().length > 0,
    open: () => all("WHERE status = 'running' OR (status = 'queued' AND runtime_id IS NOT NULL) ORDER BY number"),
    nextQueued: () => first("WHERE status = 'queued' AND runtime_id IS NULL ORDER BY number LIMIT 1"),
    queued: () => all("WHERE status = 'queued' AND runtime_id IS NULL ORDER BY number"),
    countUnended: () => countUnended(sql),
    ...createAttachedBytes(sql),
    unreleased: () => all("WHERE ended_at IS NOT NULL AND released = 0 ORDER BY number"),
    markReleased(turnId) {
      sql.exec("UPDATE turns SET released = 1 WHERE turn_id = ?", turnId);
    },
    handOver(turnId, runtimeId, notes) {
      const text = JSON.stringify(notes);
      sql.exec("UPDATE turns SET runtime_id = ?, notes = ? WHERE turn_id = ?", runtimeId, text, turnId);
    },
    cutMode(turnId, mode, allowBypass) {
      const cut = "UPDATE turns SET permission_mode = ?, allow_bypass = min(allow_bypass, ?) WHERE turn_id = ?";
      sql.exec(cut, mode, allowBypass ? 1 : 0, turnId);
    },
    markStarted(turnId, at) {
      sql.exec("UPDATE turns SET status = 'running', started_at = ? WHERE turn_id = ?", at, turnId);
    },
    requestInterrupt(turnId) {
      sql.exec("UPDATE turns SET interrupt_requested = 1 WHERE turn_id = ?", turnId);
    },
    setReason(turnId, reason) {
      sql.exec("UPDATE turns SET reason = ? WHERE turn_id = ? AND ended_at IS NULL", reason, turnId);
    },
    finish: (turnId, end) => finish(sql, turnId, end),
  };
}

function finish(sql: ObjectSql, turnId: string, end: Parameters<TurnStore["finish"]>[1]): void {
  sql.exec(
    "UPDATE turns SET status = ?, reason = ?, ended_at = ?, result = ? WHERE turn_id = ?",
    end.status,
    end.reason,
    end.at,
    end.result === null ? null : JSON.stringify(end.result),
    turnId,
  );
}

function countUnended(sql: ObjectSql): { open: number; queued: number } {
  const cursor = sql.exec<{ open: number; queued: number }>(
    `SELECT coalesce(sum(status = 'running' OR runtime_id IS NOT NULL), 0) AS open,
       coalesce(sum(status = 'queued' AND runtime_id IS NULL), 0) AS queued
     FROM turns WHERE status IN ('running', 'queued')`,
  );
  return cursor.one();
}

function insertTurn(sql: ObjectSql, turn: NewTurn, number: number): void {
  sql.exec(
    `INSERT INTO turns (turn_id, number, origin, status, prompt, options, permission_mode, allow_bypass,
       idempotency_key, submitted_cursor, runtime_id, created_at, attached_bytes, traceparent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    turn.turn_id,
    number,
    turn.origin,
    turn.status,
    turn.prompt,
    JSON.stringify(turn.options),
    turn.permission_mode,
    turn.allow_bypass ? 1 : 0,
    turn.idempotency_key,
    turn.submitted_cursor,
    turn.runtime_id,
    turn.created_at,
    uploadedBytes(turn.options.attachments ?? []),
    turn.traceparent ?? null,
  );
}
