// The numbered log in the object's SQLite: it alone gives `seq`, and keeps every row under its limit.
import { z } from "zod";
import {
  EVENT_TYPES,
  EVENT_VERSION,
  type EventBody,
  type EventType,
  type SessionEvent,
} from "../../shared/events/event.ts";
import { jsonBytes, shortenToFit } from "../../shared/events/shorten.ts";
import { MAX_EVENT_ROW_BYTES } from "../../shared/limits.ts";
import type { Clock } from "../clock.ts";
import type { ObjectSql } from "../sql/migrate.ts";
import { createSourceStore, type SourceStore } from "./source-store.ts";

/** Room in a row for everything but `data`. */
const ROW_OVERHEAD_BYTES = 1024;

const eventRowSchema = z.object({
  seq: z.number(),
  /** A row of a version that this build does not know is refused rather than misread. */
  version: z.literal(EVENT_VERSION),
  type: z.enum(EVENT_TYPES),
  turn_id: z.string().nullable(),
  at: z.string(),
  occurred_at: z.string().nullable(),
  data: z.string(),
  body_sha256: z.string().nullable(),
  body_bytes: z.number().nullable(),
});

const initSchema = z.object({ message: z.unknown() });

const newestRowSchema = eventRowSchema.pick({ seq: true, type: true, at: true });

export type NewEvent = {
  type: EventType;
  turn_id: string | null;
  data: Record<string, unknown>;
  occurred_at?: string;
  body?: EventBody | undefined;
  /** Where it came from, when the runner said it. */
  source?: { runtime_id: string; source_seq: number };
};

export type EventJson = { seq: number; type: EventType; json: string; body: EventBody | null };

export type EventStore = SourceStore & {
  append(event: NewEvent): number;
  /** In order, after `afterSeq`; stops before the page exceeds `maxBytes`, but holds at least one. */
  page(afterSeq: number, limit: { maxEvents: number; maxBytes: number }): SessionEvent[];
  /** The same page as the events' JSON, put together from the rows without parsing their data. */
  pageJson(afterSeq: number, limit: { maxEvents: number; maxBytes: number }): EventJson[];
  /** Null for one that lies in the archive, too. */
  get(seq: number): SessionEvent | null;
  /** All after that number, read as they are asked for. */
  scanJson(afterSeq: number): Iterable<EventJson>;
  /** The message with which Claude Code started last; null where none lies here. */
  newestInit(): unknown;
  /** How many lie here rather than in the archive. */
  liveCount(): number;
  /** The number with which the turn was completed; null before. */
  endOfTurn(turnId: string): number | null;
  /** The same of the turn that ended last; null before the first. */
  newestEndOfTurn(): number | null;
  /** What the newest one that lies here is, without its data. */
  newest(): Pick<SessionEvent, "seq" | "type" | "at"> | null;
  /** The newest number; 0 for an empty log. */
  cursor(): number;
};

export function createEventStore(sql: ObjectSql, clock: Clock): EventStore {
  const maxSeq = (query: string, ...bindings: SqlStorageValue[]): number | null =>
    sql.exec<{ seq: number | null }>(query, ...bindings).one().seq;
  const cursor = (): number =>
    maxSeq("SELECT max(seq) AS seq FROM events") ?? maxSeq("SELECT max(last_seq) AS seq FROM archive_chunks") ?? 0;

  return {
    cursor,
    append(event) {
      const seq = cursor() + 1;
      const data = shortenToFit(event.data, MAX_EVENT_ROW_BYTES - ROW_OVERHEAD_BYTES);
      sql.exec(
        `INSERT INTO events (seq, version, type, turn_id, at, occurred_at, data, body_sha256, body_bytes, runtime_id, source_seq)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        seq,
        EVENT_VERSION,
        event.type,
        event.turn_id,
        clock.nowIso(),
        event.occurred_at ?? null,
        JSON.stringify(data),
        event.body?.sha256 ?? null,
        event.body?.bytes ?? null,
        event.source?.runtime_id ?? null,
        event.source?.source_seq ?? null,
      );
      return seq;
    },
    page: (afterSeq, limit) => takePage(readRows(sql, afterSeq, limit.maxEvents), limit.maxBytes, measureEvent),
    pageJson: (afterSeq, limit) => takePage(readRows(sql, afterSeq, limit.maxEvents), limit.maxBytes, measureJson),
    get(seq) {
      const [row] = sql.exec("SELECT * FROM events WHERE seq = ?", seq).toArray();
      return row === undefined ? null : toEvent(eventRowSchema.parse(row));
    },
    newest: () => readNewest(sql),
    *scanJson(afterSeq) {
      for (const row of readRows(sql, afterSeq, -1)) yield measureJson(row).item;
    },
    newestInit: () => readInit(sql),
    liveCount: () => sql.exec<{ n: number }>("SELECT count(*) AS n FROM events").one().n,
    newestEndOfTurn: () =>
      maxSeq("SELECT max(seq) AS seq FROM events WHERE type = 'turn_completed'") ??
      maxSeq("SELECT max(seq) AS seq FROM archive_turn_ends"),
    endOfTurn: (turnId) =>
      maxSeq("SELECT max(seq) AS seq FROM events WHERE type = 'turn_completed' AND turn_id = ?", turnId) ??
      maxSeq("SELECT max(seq) AS seq FROM archive_turn_ends WHERE turn_id = ?", turnId),
    ...createSourceStore(sql),
  };
}

type EventRow = z.infer<typeof eventRowSchema>;

function readNewest(sql: ObjectSql): z.infer<typeof newestRowSchema> | null {
  const [row] = sql.exec("SELECT seq, type, at FROM events ORDER BY seq DESC LIMIT 1").toArray();
  return row === undefined ? null : newestRowSchema.parse(row);
}

function readInit(sql: ObjectSql): unknown {
  const query = `SELECT data FROM events WHERE type = 'message_received' AND data LIKE ? ORDER BY seq DESC LIMIT 1`;
  const [row] = sql.exec<{ data: string }>(query, '{"message":{"type":"system","subtype":"init",%').toArray();
  return row === undefined ? null : initSchema.parse(JSON.parse(row.data)).message;
}

function* readRows(sql: ObjectSql, afterSeq: number, maxEvents: number): Generator<EventRow> {
  const rows = sql.exec("SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?", afterSeq, maxEvents);
  for (const row of rows) yield eventRowSchema.parse(row);
}

/** Stops before the page exceeds its bytes, but holds at least one. */
function takePage<T>(rows: Iterable<EventRow>, maxBytes: number, read: (row: EventRow) => { item: T; bytes: number }) {
  const page: T[] = [];
  let total = 0;
  for (const row of rows) {
    const { item, bytes } = read(row);
    total += bytes;
    if (page.length > 0 && total > maxBytes) break;
    page.push(item);
  }
  return page;
}

function measureEvent(row: EventRow): { item: SessionEvent; bytes: number } {
  const item = toEvent(row);
  return { item, bytes: jsonBytes(item) };
}

function measureJson(row: EventRow): { item: EventJson; bytes: number } {
  const json = rowToJson(row);
  return { item: { seq: row.seq, type: row.type, json, body: readBody(row).body ?? null }, bytes: json.length };
}

function toEvent(row: EventRow): SessionEvent {
  return { ...readHead(row), data: JSON.parse(row.data) as Record<string, unknown>, ...readBody(row) };
}

/** `data` is stored as JSON and passes as it is. */
function rowToJson(row: EventRow): string {
  const head = JSON.stringify(readHead(row)).slice(0, -1);
  const body = JSON.stringify(readBody(row)).slice(1);
  return `${head},"data":${row.data}${body === "}" ? "" : ","}${body}`;
}

function readHead({ seq, type, turn_id, at, occurred_at }: EventRow): Omit<SessionEvent, "data" | "body"> {
  return { seq, type, turn_id, at, occurred_at };
}

function readBody({ body_sha256, body_bytes }: EventRow): { body?: EventBody } {
  if (body_sha256 === null || body_bytes === null) return {};
  return { body: { sha256: body_sha256, bytes: body_bytes } };
}
