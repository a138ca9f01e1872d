// How a workspace's checkpoints reach D1. What is repeated, or comes late, changes nothing: ids are in the timeline's order.
import type { OutboxKind, OutboxPayload } from "./outbox-store.ts";

export type CheckpointKindOfRow = Extract<OutboxKind, `checkpoint${string}`>;

/** By the time that a workspace's row names a newer head, everything before that head is there, or was removed since. */
const UNLESS_NEWER =
  "NOT EXISTS (SELECT 1 FROM workspaces WHERE id = ? AND head_checkpoint_id IS NOT NULL AND head_checkpoint_id >= ?)";

export function isOfCheckpoint(kind: OutboxKind): kind is CheckpointKindOfRow {
  return kind.startsWith("checkpoint");
}

export function checkpointStatements(
  database: D1Database,
  kind: CheckpointKindOfRow,
  payload: OutboxPayload,
): D1PreparedStatement[] {
  const { workspace_id, checkpoint_id } = payload;
  switch (kind) {
    case "checkpoint_refs":
      return [
        database
          .prepare(
            `INSERT OR IGNORE INTO checkpoint_pack_refs (checkpoint_id, team_id, pack_sha256)
             SELECT ?, ?, value FROM json_each(?) WHERE ${UNLESS_NEWER}`,
          )
          .bind(checkpoint_id, payload["team_id"], payload["packs"], workspace_id, checkpoint_id),
      ];
    case "checkpoint":
      return [insertRow(database, payload)];
    case "checkpoint_head":
      return [
        database
          .prepare(
            `UPDATE workspaces SET head_checkpoint_id = ?1
             WHERE id = ?2 AND (head_checkpoint_id IS NULL OR head_checkpoint_id < ?1)`,
          )
          .bind(checkpoint_id, workspace_id),
      ];
    case "checkpoint_gone":
      return [
        database.prepare("DELETE FROM checkpoints WHERE id = ?").bind(checkpoint_id),
        database.prepare("DELETE FROM checkpoint_pack_refs WHERE checkpoint_id = ?").bind(checkpoint_id),
      ];
  }
}

function insertRow(database: D1Database, payload: OutboxPayload): D1PreparedStatement {
  const columns = Object.keys(payload);
  const places = columns.map(() => "?").join(", ");
  return database
    .prepare(`INSERT OR IGNORE INTO checkpoints (${columns.join(", ")}) SELECT ${places} WHERE ${UNLESS_NEWER}`)
    .bind(...Object.values(payload), payload["workspace_id"], payload["id"]);
}
