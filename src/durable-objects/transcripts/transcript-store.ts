// The versions of the conversation's files: which pieces they are made of, and up to which event each version goes.
import { z } from "zod";
import { TRANSCRIPT_FORMAT, transcriptFileSchema, type TranscriptManifest } from "../../shared/transcripts/schema.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const TRANSCRIPT_SCHEMA = `
  CREATE TABLE transcripts (
    transcript_version INTEGER PRIMARY KEY,
    turn_id TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    cli_total_usd REAL NOT NULL,
    files TEXT NOT NULL,
    created_at TEXT NOT NULL
  );
  CREATE INDEX transcripts_by_event ON transcripts (event_seq);
`;

const rowSchema = z.object({
  transcript_version: z.number(),
  turn_id: z.string(),
  /** The turn's last event when this version was stored. */
  event_seq: z.number(),
  files: z.string().transform((text) => z.array(transcriptFileSchema).parse(JSON.parse(text))),
});
export type TranscriptRow = z.infer<typeof rowSchema>;
export type NewTranscript = Omit<TranscriptRow, "transcript_version"> & { created_at: string };

export type TranscriptStore = {
  /** Gives the version its number: 1, 2, 3, … */
  add(transcript: NewTranscript): number;
  newest(): TranscriptRow | null;
  get(version: number): TranscriptRow | null;
  /** The newest version that goes no further than that event. */
  upTo(eventSeq: number): TranscriptRow | null;
};

export function createTranscriptStore(sql: ObjectSql): TranscriptStore {
  const first = (query: string, ...bindings: SqlStorageValue[]): TranscriptRow | null => {
    const [row] = sql.exec(`SELECT * FROM transcripts ${query} LIMIT 1`, ...bindings).toArray();
    return row === undefined ? null : rowSchema.parse(row);
  };
  return {
    add(transcript) {
      const rows = sql.exec<{ transcript_version: number }>(
        `INSERT INTO transcripts (turn_id, event_seq, files, created_at) VALUES (?, ?, ?, ?)
         RETURNING transcript_version`,
        transcript.turn_id,
        transcript.event_seq,
        JSON.stringify(transcript.files),
        transcript.created_at,
      );
      return rows.one().transcript_version;
    },
    get: (version) => first("WHERE transcript_version = ?", version),
    newest: () => first("ORDER BY transcript_version DESC"),
    upTo: (eventSeq) => first("WHERE event_seq <= ? ORDER BY transcript_version DESC", eventSeq),
  };
}

export function toManifest(row: TranscriptRow): TranscriptManifest {
  return { format: TRANSCRIPT_FORMAT, transcript_version: row.transcript_version, files: row.files };
}
