// Checkpoints of which their session does not know yet.
import type { CheckpointRecord } from "../../shared/checkpoints/schema.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export type TellingStore = {
  add(record: CheckpointRecord): void;
  pending(): CheckpointRecord[];
  remove(checkpointId: string): void;
};

export function createTellingStore(sql: ObjectSql, onOwed: () => void): TellingStore {
  return {
    add(record) {
      const { checkpoint_id } = record;
      sql.exec(
        "INSERT OR REPLACE INTO tellings (checkpoint_id, record) VALUES (?, ?)",
        checkpoint_id,
        JSON.stringify(record),
      );
      onOwed();
    },
    pending: () =>
      sql
        .exec<{ record: string }>("SELECT record FROM tellings ORDER BY checkpoint_id LIMIT 50")
        .toArray()
        .map(({ record }): CheckpointRecord => JSON.parse(record)),
    remove: (checkpointId) => void sql.exec("DELETE FROM tellings WHERE checkpoint_id = ?", checkpointId),
  };
}
