// What of the log lies in the archive: its objects in R2, which events each piece of them holds, and where turns ended.
import { z } from "zod";
import type { ObjectSql } from "../sql/migrate.ts";

export const ARCHIVE_SCHEMA = `
  CREATE TABLE archive_chunks (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    object_key TEXT NOT NULL,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    export_bytes INTEGER NOT NULL
  );
  CREATE TABLE archive_turn_ends (turn_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE deletion (id INTEGER PRIMARY KEY CHECK (id = 1), requested_at TEXT NOT NULL);
`;

const chunkSchema = z.object({
  first_seq: z.number(),
  last_seq: z.number(),
  object_key: z.string(),
  /** Where the chunk's zstd frame lies in the object. */
  offset: z.number(),
  bytes: z.number(),
  /** What its events have in an export. */
  export_bytes: z.number(),
});
export type ArchiveChunk = z.infer<typeof chunkSchema>;

export type ArchiveStore = {
  /** The newest archived event; 0 for none. */
  lastSeq(): number;
  chunkOf(seq: number): ArchiveChunk | null;
  exportBytes(): number;
  /** The chunks take the place of the events' rows. To be called in a transaction. */
  replaceRows(chunks: readonly ArchiveChunk[]): void;
};

export function createArchiveStore(sql: ObjectSql): ArchiveStore {
  return {
    lastSeq: () => sql.exec<{ seq: number | null }>("SELECT max(last_seq) AS seq FROM archive_chunks").one().seq ?? 0,
    chunkOf(seq) {
      const query =
        "SELECT * FROM archive_chunks WHERE first_seq <= ? AND last_seq >= ? ORDER BY first_seq DESC LIMIT 1";
      const [row] = sql.exec(query, seq, seq).toArray();
      return row === undefined ? null : chunkSchema.parse(row);
    },
    exportBytes: () => sql.exec<{ n: number | null }>("SELECT sum(export_bytes) AS n FROM archive_chunks").one().n ?? 0,
    replaceRows(chunks) {
      for (const { first_seq, last_seq, object_key, offset, bytes, export_bytes } of chunks) {
        sql.exec(
          "INSERT INTO archive_chunks (first_seq, last_seq, object_key, offset, bytes, export_bytes) VALUES (?, ?, ?, ?, ?, ?)",
          first_seq,
          last_seq,
          object_key,
          offset,
          bytes,
          export_bytes,
        );
        sql.exec(
          `INSERT OR REPLACE INTO archive_turn_ends (turn_id, seq)
           SELECT turn_id, seq FROM events WHERE type = 'turn_completed' AND turn_id IS NOT NULL AND seq BETWEEN ? AND ?`,
          first_seq,
          last_seq,
        );
        sql.exec("DELETE FROM events WHERE seq BETWEEN ? AND ?", first_seq, last_seq);
      }
    },
  };
}
