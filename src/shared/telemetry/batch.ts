// What a machine tells the Team object of: points of metrics and ended spans, in batches.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";
import { METRIC_NAMES } from "./metrics.ts";

/** A clock may go back while something is measured: it took no time then. */
const atLeastZero = (value: number): number => Math.max(0, value);

const attributeSchema = z.record(z.string().max(64), z.string().max(256));

export const pointSchema = z.object({
  name: z.enum(METRIC_NAMES),
  value: z.number().transform(atLeastZero),
  /** Few values each: no ids of sessions, turns or people. */
  attributes: attributeSchema,
});
export type Point = z.infer<typeof pointSchema>;

export const SPAN_KINDS = ["internal", "server", "client"] as const;

const spanFields = z.object({
  trace_id: z.string().regex(/^[0-9a-f]{32}$/),
  span_id: z.string().regex(/^[0-9a-f]{16}$/),
  parent_span_id: z.string().nullable(),
  name: z.string().max(128),
  kind: z.enum(SPAN_KINDS),
  start_ms: z.number(),
  end_ms: z.number(),
  /** Ids are welcome here; nothing of anybody's work is. */
  attributes: z.record(z.string().max(64), z.union([z.string().max(256), z.number(), z.boolean()])),
  is_error: z.boolean(),
});
export const spanSchema = spanFields.transform((span) => ({
  ...span,
  end_ms: span.start_ms + atLeastZero(span.end_ms - span.start_ms),
}));
export type Span = z.infer<typeof spanSchema>;

export const MAX_BATCH = 500;

export const batchSchema = z.object({
  /** One that comes again counts once. */
  batch_id: uuidSchema,
  points: z.array(pointSchema).max(MAX_BATCH),
  spans: z.array(spanSchema).max(MAX_BATCH),
  /** What the teller had to leave out before. */
  dropped: z.int().nonnegative(),
});
export type TelemetryBatch = z.infer<typeof batchSchema>;
