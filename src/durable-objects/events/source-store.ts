// How far each runtime's entries are stored: what comes again is passed over, a gap is refused.
import type { ObjectSql } from "../sql/migrate.ts";

export type SourceStore = {
  acknowledged(runtimeId: string): number;
  acknowledge(runtimeId: string, sourceSeq: number): void;
  /** That runtime's runner has forgotten the session: its next entry is its first. */
  forgetSource(runtimeId: string): void;
};

export function createSourceStore(sql: ObjectSql): SourceStore {
  return {
    acknowledged(runtimeId) {
      const query = "SELECT acknowledged_source_seq AS seq FROM sources WHERE runtime_id = ?";
      return sql.exec<{ seq: number }>(query, runtimeId).toArray()[0]?.seq ?? 0;
    },
    acknowledge(runtimeId, sourceSeq) {
      sql.exec(
        `INSERT INTO sources (runtime_id, acknowledged_source_seq) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET acknowledged_source_seq = excluded.acknowledged_source_seq`,
        runtimeId,
        sourceSeq,
      );
    },
    forgetSource(runtimeId) {
      sql.exec("UPDATE events SET source_seq = NULL WHERE runtime_id = ? AND source_seq IS NOT NULL", runtimeId);
      sql.exec("DELETE FROM sources WHERE runtime_id = ?", runtimeId);
    },
  };
}
