// Delivers the outbox to D1. Each statement is idempotent, so that a delivery cut off in its middle is repeated whole.
import { checkpointStatements, isOfCheckpoint, type CheckpointKindOfRow } from "./checkpoint-statements.ts";
import type { OutboxKind, OutboxPayload, OutboxRow, OutboxStore } from "./outbox-store.ts";

const BATCH = 50;

/** What goes to another object instead: `afterBatch` brings it there. */
type ElsewhereKind = "settlement" | "audit";
type IndexKind = Exclude<OutboxKind, CheckpointKindOfRow | ElsewhereKind>;

/** The index tables in D1 (src/worker/db/schema.ts), by kind. A session's older version never overwrites a newer one. */
const TARGETS: Record<IndexKind, { table: string; conflict: (columns: string[]) => string }> = {
  session: {
    table: "sessions",
    conflict: (columns) =>
      `ON CONFLICT (id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}
       WHERE excluded.version > sessions.version`,
  },
  model_usage: {
    table: "model_usage",
    conflict: (columns) =>
      `ON CONFLICT (turn_id, model) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}
       WHERE excluded.version > model_usage.version`,
  },
  agent_execution: {
    table: "agent_executions",
    conflict: (columns) =>
      `ON CONFLICT (id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}
       WHERE excluded.version > agent_executions.version`,
  },
  process: {
    table: "session_processes",
    conflict: (columns) =>
      `ON CONFLICT (session_id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}
       WHERE excluded.version > session_processes.version`,
  },
};

/** True when nothing is left. `afterBatch`: what has to be done elsewhere before the rows are forgotten. */
export async function deliverOutbox(
  outbox: OutboxStore,
  database: D1Database,
  afterBatch?: (rows: readonly OutboxRow[]) => Promise<void>,
): Promise<boolean> {
  const rows = outbox.pending(BATCH);
  if (rows.length === 0) return true;
  const statements = rows.flatMap((row) => statementsFor(database, row));
  if (statements.length > 0) await database.batch(statements);
  await afterBatch?.(rows);
  for (const row of rows) outbox.remove(row.id);
  return outbox.pending(1).length === 0;
}

function statementsFor(database: D1Database, { kind, payload }: OutboxRow): D1PreparedStatement[] {
  // The Team object's: brought there by `afterBatch`.
  if (kind === "settlement" || kind === "audit") return [];
  if (isOfCheckpoint(kind)) return checkpointStatements(database, kind, payload);
  return [indexStatement(database, kind, payload)];
}

function indexStatement(database: D1Database, kind: IndexKind, payload: OutboxPayload): D1PreparedStatement {
  if (kind !== "process" || payload["removed"] !== 1) return upsert(database, kind, payload);
  return database
    .prepare("DELETE FROM session_processes WHERE session_id = ? AND version < ?")
    .bind(payload["session_id"], payload["version"]);
}

function upsert(database: D1Database, kind: IndexKind, payload: OutboxPayload): D1PreparedStatement {
  const { table, conflict } = TARGETS[kind];
  const columns = Object.keys(payload);
  const places = columns.map(() => "?").join(", ");
  return database
    .prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places}) ${conflict(columns)}`)
    .bind(...Object.values(payload));
}
