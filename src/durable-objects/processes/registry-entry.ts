// The session's own entry in the registry of what runs: what its sandbox said last, and what the index has of it.
import { z } from "zod";
import type { ProcessFigures } from "../../shared/processes/schema.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const REGISTRY_SCHEMA = `
  CREATE TABLE registry_entry (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    runtime_id TEXT,
    pid INTEGER,
    started_at TEXT,
    processes INTEGER NOT NULL DEFAULT 0,
    cpu_percent REAL NOT NULL DEFAULT 0,
    rss_bytes INTEGER NOT NULL DEFAULT 0,
    checked_at TEXT,
    indexed INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0,
    figures_written_at_ms INTEGER
  );
  INSERT INTO registry_entry (id) VALUES (1);
`;

const rowSchema = z.object({
  /** The runtime that the figures are of. */
  runtime_id: z.string().nullable(),
  pid: z.number().nullable(),
  started_at: z.string().nullable(),
  processes: z.number(),
  cpu_percent: z.number(),
  rss_bytes: z.number(),
  checked_at: z.string().nullable(),
  /** The index has, or is owed, a row. */
  indexed: z.number().transform((value) => value === 1),
  /** Of the newest row; it grows with time, also over a session that is deleted and made again. */
  version: z.number(),
  figures_written_at_ms: z.number().nullable(),
});
export type RegistryEntryRow = z.infer<typeof rowSchema>;

export type RegistryEntry = {
  get(): RegistryEntryRow;
  setFigures(figures: ProcessFigures & { runtime_id: string; checked_at: string }): void;
  /** Gives the version of the row that is owed now. */
  markIndexed(indexed: boolean, nowMs: number): number;
  markFiguresWritten(nowMs: number): void;
};

export function createRegistryEntry(sql: ObjectSql): RegistryEntry {
  return {
    get: () => rowSchema.parse(sql.exec("SELECT * FROM registry_entry").one()),
    setFigures(figures) {
      sql.exec(
        `UPDATE registry_entry SET runtime_id = ?, pid = ?, started_at = ?, processes = ?, cpu_percent = ?,
           rss_bytes = ?, checked_at = ?`,
        figures.runtime_id,
        figures.pid,
        figures.started_at,
        figures.processes,
        figures.cpu_percent,
        figures.rss_bytes,
        figures.checked_at,
      );
    },
    markIndexed(indexed, nowMs) {
      const cursor = sql.exec<{ version: number }>(
        "UPDATE registry_entry SET indexed = ?, version = max(version + 1, ?) RETURNING version",
        indexed ? 1 : 0,
        nowMs,
      );
      return cursor.one().version;
    },
    markFiguresWritten(nowMs) {
      sql.exec("UPDATE registry_entry SET figures_written_at_ms = ?", nowMs);
    },
  };
}
