// Operations of a workspace: what was asked, how far it is, what came of it. Rows of ended ones are kept for a day.
import { z } from "zod";
import type { CheckpointRecord, OperationRequest, OperationResult } from "../../shared/checkpoints/schema.ts";
import type { Failure } from "../../shared/errors/app-error.ts";
import type { TurnEnding } from "../../shared/rpc/workspace-api.ts";
import type { ObjectSql } from "../sql/migrate.ts";

const KEEP_MS = 24 * 60 * 60_000;

/** What the object does by itself: after a turn, and before its sandbox sleeps. */
export type OwnRequest = { kind: "turn"; ending: TurnEnding; runtime_id: string } | { kind: "sleep" };
export type AnyRequest = OperationRequest | OwnRequest;

/** What a repeat must know of what came before it. */
export type OperationState = {
  /** Set once the workspace is no longer what the backup was taken of; null: the head was as good, or there was none. */
  backup?: CheckpointRecord | null;
  /** The files are back, and this is where the timeline stands. */
  restored?: CheckpointRecord;
  /** Of a repeat this would say that nothing is left to do. */
  plan?: Extract<OperationResult, { kind: "restore" }>["plan"];
  /** Every file was read: the lease went on. */
  captured?: boolean;
};

// Rows are written by this object alone: their JSON is what it put there.
const json = <T>() => z.string().transform((text): T => JSON.parse(text));
const rowSchema = z.object({
  operation_id: z.string(),
  kind: z.enum(["create", "restore", "bundle", "turn", "sleep"]),
  turn_id: z.string().nullable(),
  request: json<AnyRequest>(),
  status: z.enum(["queued", "running", "succeeded", "failed"]),
  state: json<OperationState>(),
  attempts: z.number(),
  retry_at: z.number().nullable(),
  result: json<OperationResult>().nullable(),
  error: json<Failure>().nullable(),
});
export type OperationRow = z.infer<typeof rowSchema>;

export type OperationStore = {
  /** False when there is one of this id, or of this turn, already. */
  add(operation: { operation_id: string; request: AnyRequest; nowMs: number }): boolean;
  get(operationId: string): OperationRow | null;
  /** Queued or running, the oldest first. */
  unended(): OperationRow[];
  /** One more attempt begins. */
  begin(operationId: string): void;
  remember(operationId: string, state: OperationState): void;
  retryAt(operationId: string, atMs: number): void;
  end(operationId: string, outcome: { result: OperationResult | null; error: Failure | null; nowMs: number }): void;
  prune(nowMs: number): void;
};

export function createOperationStore(sql: ObjectSql): OperationStore {
  const read = (query: string, ...bindings: SqlStorageValue[]): OperationRow[] =>
    sql
      .exec(`SELECT * FROM operations ${query}`, ...bindings)
      .toArray()
      .map((row) => rowSchema.parse(row));
  return {
    add({ operation_id, request, nowMs }) {
      const added = sql.exec(
        `INSERT OR IGNORE INTO operations (operation_id, kind, turn_id, request, status, created_at)
         VALUES (?, ?, ?, ?, 'queued', ?) RETURNING operation_id`,
        operation_id,
        request.kind,
        request.kind === "turn" ? request.ending.turn_id : null,
        JSON.stringify(request),
        nowMs,
      );
      return added.toArray().length > 0;
    },
    get: (operationId) => read("WHERE operation_id = ?", operationId)[0] ?? null,
    unended: () => read("WHERE ended_at IS NULL ORDER BY created_at, operation_id"),
    begin(operationId) {
      sql.exec(
        "UPDATE operations SET status = 'running', attempts = attempts + 1, retry_at = NULL WHERE operation_id = ?",
        operationId,
      );
    },
    remember(operationId, state) {
      sql.exec("UPDATE operations SET state = ? WHERE operation_id = ?", JSON.stringify(state), operationId);
    },
    retryAt(operationId, atMs) {
      sql.exec("UPDATE operations SET status = 'queued', retry_at = ? WHERE operation_id = ?", atMs, operationId);
    },
    end(operationId, { result, error, nowMs }) {
      sql.exec(
        `UPDATE operations SET status = ?, result = ?, error = ?, ended_at = ?
         WHERE operation_id = ? AND ended_at IS NULL`,
        error === null ? "succeeded" : "failed",
        result === null ? null : JSON.stringify(result),
        error === null ? null : JSON.stringify(error),
        nowMs,
        operationId,
      );
    },
    prune: (nowMs) => void sql.exec("DELETE FROM operations WHERE ended_at < ?", nowMs - KEEP_MS),
  };
}
