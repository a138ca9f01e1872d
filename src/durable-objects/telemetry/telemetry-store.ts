// The team's telemetry in the Team object's SQLite: sums since its first point, and spans until a collector has them.
import { z } from "zod";
import { type Span, spanSchema } from "../../shared/telemetry/batch.ts";
import {
  addValue,
  emptySeries,
  METRIC_NAMES,
  type MetricName,
  type Series,
  seriesKey,
} from "../../shared/telemetry/metrics.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const TELEMETRY_SCHEMA = `
  CREATE TABLE telemetry_series (key TEXT PRIMARY KEY, series TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE telemetry_spans (id INTEGER PRIMARY KEY AUTOINCREMENT, span TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE telemetry_known (batch_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE telemetry_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    started_at INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    failures INTEGER NOT NULL
  );
`;

export const TELEMETRY_INDEX = "CREATE INDEX telemetry_known_until ON telemetry_known (until);";

/** A teller repeats itself for seconds. */
const KNOWN_FOR_MS = 10 * 60_000;
/** Of one metric. More sets of attributes are one: OpenTelemetry's own name for it. */
const MAX_SERIES = 2_000;
const OVERFLOW = { "otel.metric.overflow": "true" };

export type StoredSpan = { id: number; span: Span; attempts: number };
export type TelemetryState = { started_at: number; changed: number; failures: number };

export type TelemetryStore = {
  /** False for a batch that came before. */
  isNew(batchId: string, nowMs: number): boolean;
  add(name: MetricName, attributes: Record<string, string>, value: number): void;
  series(): Series[];
  addSpan(span: Span): void;
  countSpans(): number;
  /** The oldest, and the ids of those among them that this build cannot read. */
  spans(limit: number): { spans: StoredSpan[]; unreadable: number[] };
  /** Their ids. */
  oldestSpans(limit: number): number[];
  removeSpans(ids: readonly number[]): void;
  /** They were tried in vain. */
  countAttempt(ids: readonly number[]): void;
  state(nowMs: number): TelemetryState;
  setState(state: Partial<TelemetryState>): void;
};

const seriesSchema = z.object({
  name: z.enum(METRIC_NAMES),
  attributes: z.record(z.string(), z.string()),
  sum: z.number(),
  count: z.number(),
  buckets: z.array(z.number()),
});
const spanRowSchema = z.object({ id: z.number(), span: z.string(), attempts: z.number() });

export function createTelemetryStore(sql: ObjectSql): TelemetryStore {
  const find = (key: string): Series | null => {
    const [row] = sql.exec<{ series: string }>("SELECT series FROM telemetry_series WHERE key = ?", key).toArray();
    return row === undefined ? null : seriesSchema.parse(JSON.parse(row.series));
  };
  const ofIds = (statement: string, ids: readonly number[]): void => {
    sql.exec(`${statement} WHERE id IN (SELECT value FROM json_each(?))`, JSON.stringify(ids));
  };
  return {
    isNew(batchId, nowMs) {
      sql.exec("DELETE FROM telemetry_known WHERE until <= ?", nowMs);
      const { rowsWritten } = sql.exec(
        "INSERT OR IGNORE INTO telemetry_known (batch_id, until) VALUES (?, ?)",
        batchId,
        nowMs + KNOWN_FOR_MS,
      );
      return rowsWritten > 0;
    },
    add(name, attributes, value) {
      const wanted = emptySeries(name, attributes);
      const isKnown = find(seriesKey(wanted)) !== null;
      const empty = isKnown || countSeries(sql, name) < MAX_SERIES ? wanted : emptySeries(name, OVERFLOW);
      const key = seriesKey(empty);
      const series = JSON.stringify(addValue(find(key) ?? empty, value));
      sql.exec("INSERT OR REPLACE INTO telemetry_series (key, series) VALUES (?, ?)", key, series);
    },
    series: () =>
      sql
        .exec<{ series: string }>("SELECT series FROM telemetry_series ORDER BY key")
        .toArray()
        .map(({ series }) => seriesSchema.parse(JSON.parse(series))),
    addSpan: (span) => void sql.exec("INSERT INTO telemetry_spans (span) VALUES (?)", JSON.stringify(span)),
    countSpans: () => sql.exec<{ n: number }>("SELECT count(*) AS n FROM telemetry_spans").one().n,
    spans: (limit) => readSpans(sql, limit),
    oldestSpans: (limit) =>
      sql
        .exec<{ id: number }>("SELECT id FROM telemetry_spans ORDER BY id LIMIT ?", limit)
        .toArray()
        .map(({ id }) => id),
    removeSpans: (ids) => ofIds("DELETE FROM telemetry_spans", ids),
    countAttempt: (ids) => ofIds("UPDATE telemetry_spans SET attempts = attempts + 1", ids),
    state(nowMs) {
      sql.exec("INSERT OR IGNORE INTO telemetry_state (id, started_at, changed, failures) VALUES (1, ?, 0, 0)", nowMs);
      return sql.exec<TelemetryState>("SELECT started_at, changed, failures FROM telemetry_state").one();
    },
    setState(state) {
      for (const [name, value] of Object.entries(state)) sql.exec(`UPDATE telemetry_state SET ${name} = ?`, value);
    },
  };
}

/** Keys begin with the metric's name. */
function countSeries(sql: ObjectSql, name: MetricName): number {
  const start = `[${JSON.stringify(name)}`;
  const range = "SELECT count(*) AS n FROM telemetry_series WHERE key >= ? AND key < ?";
  return sql.exec<{ n: number }>(range, start, `${start}\uffff`).one().n;
}

function readSpans(sql: ObjectSql, limit: number): ReturnType<TelemetryStore["spans"]> {
  const rows = sql.exec("SELECT id, span, attempts FROM telemetry_spans ORDER BY id LIMIT ?", limit).toArray();
  const read = rows.map((row) => {
    const { id, span, attempts } = spanRowSchema.parse(row);
    return { id, attempts, span: spanSchema.safeParse(JSON.parse(span)).data };
  });
  return {
    spans: read.flatMap(({ span, ...row }) => (span === undefined ? [] : [{ ...row, span }])),
    unreadable: read.flatMap(({ id, span }) => (span === undefined ? [id] : [])),
  };
}
