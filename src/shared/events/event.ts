// The session's event log: what one numbered entry is. Only the Session object gives `seq` (1…n, contiguous).
import { z } from "zod";
import { sha256Schema, uuidSchema } from "../ids.ts";

/** Version of the event's shape; a reader refuses versions that it does not know. */
export const EVENT_VERSION = 1;

export const EVENT_TYPES = [
  "session_status_changed",
  "turn_started",
  "turn_steered",
  "message_received",
  "model_retried",
  "tool_call_started",
  "tool_call_completed",
  "permission_requested",
  "permission_resolved",
  "structured_output",
  "background_task_changed",
  "hook_executed",
  "usage_recorded",
  "budget_warned",
  "checkpoint_created",
  "error_occurred",
  "turn_completed",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Where the whole of a shortened entry lies: R2, under its SHA-256. */
export const eventBodySchema = z.object({
  sha256: sha256Schema,
  /** Bytes of the whole body, JSON in UTF-8. */
  bytes: z.int().positive(),
});
export type EventBody = z.infer<typeof eventBodySchema>;

export const sessionEventSchema = z.object({
  seq: z.int().positive(),
  type: z.enum(EVENT_TYPES),
  turn_id: uuidSchema.nullable(),
  /** ISO 8601, the Session object's clock when it stored the event. */
  at: z.string(),
  /** ISO 8601, the runner's clock when it happened; null for events of the object's own. */
  occurred_at: z.string().nullable(),
  /** What the type says. `message_received` carries Claude Code's own message under `message`. */
  data: z.record(z.string(), z.unknown()),
  /** Present when `data` is shortened. */
  body: eventBodySchema.optional(),
});
export type SessionEvent = z.infer<typeof sessionEventSchema>;
