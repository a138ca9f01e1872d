// Parameters and result fields that several session tools share, each described once.
import { z } from "zod";
import { EVENT_TYPES } from "../../shared/events/event.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { MAX_WAIT_SECONDS } from "../../shared/limits.ts";
import { projectNameSchema } from "../../shared/projects/schema.ts";
import type { SessionView } from "../../shared/rpc/session-api.ts";
import {
  sessionStatusSchema,
  sessionSummarySchema,
  turnResultSchema,
  turnSummarySchema,
} from "../../shared/sessions/schema.ts";
import { type PermissionService, showPending } from "../permissions/permission-service.ts";
import { shrinkResult } from "./result-size-policy.ts";

export const sessionIdField = uuidSchema.describe("The session's id, as execute_claude and list_sessions give it.");

export const projectField = projectNameSchema.describe("The project's name, as list_projects gives it.");

export const waitSecondsField = z
  .int()
  .min(0)
  .max(MAX_WAIT_SECONDS)
  .describe(`How long this call may wait, 0 to ${MAX_WAIT_SECONDS} seconds. 0 answers at once.`);

export const appliedField = z
  .boolean()
  .describe("True when a running turn took it over; false when none runs, and the next one will.");

export const statusField = sessionStatusSchema.describe(
  "What the session does now. `idle`: it takes the next prompt. `ended` and `failed`: it takes none.",
);

export const turnField = turnSummarySchema
  .nullable()
  .describe("The turn that runs, else the newest one; null before the first.");

export const resultField = turnResultSchema
  .optional()
  .describe(
    "How that turn ended; absent while it runs. A long text is shortened with a note; the events have the whole.",
  );

export const eventField = z
  .object({
    seq: z.int().positive().describe("The event's number in the session: 1, 2, 3, … without gaps."),
    type: z.enum(EVENT_TYPES),
    turn_id: z.string().nullable(),
    at: z.string().describe("When it was stored, ISO 8601."),
    occurred_at: z.string().nullable().describe("When it happened in the sandbox, ISO 8601."),
    data: z
      .record(z.string(), z.unknown())
      .describe("What the type says; `message_received` has Claude Code's own message."),
    whole: z.string().optional().describe("Present when `data` is shortened here: the resource that has the whole."),
  })
  .describe("One numbered entry of the session's log.");

/** Described once for all of its fields: it stands in several tools. */
export const pendingField = z
  .array(
    z.object({
      request_id: z.string(),
      kind: z.string(),
      tool: z.string(),
      summary: z.string(),
      reason: z.string(),
      consent_url: z.string(),
      expires_at: z.string(),
    }),
  )
  .describe("What waits for a person. Show them consent_url, where they sign in and answer; unanswered it is denied.");

/** What get_session, interrupt_session and end_session answer. */
export const sessionViewSchema = z.object({
  session: sessionSummarySchema.omit({ agent: true }),
  turn: turnField,
  result: resultField,
});

export function showView(view: SessionView): z.input<typeof sessionViewSchema> {
  return { session: view.session, turn: view.turn, ...showResult(view.result) };
}

/** With what waits for a person: it may be asked about at any time. */
export const wholeViewSchema = sessionViewSchema.extend({ pending_permissions: pendingField });

export function showWhole(
  view: SessionView,
  { permissions }: { permissions: Pick<PermissionService, "link"> },
): z.input<typeof wholeViewSchema> {
  const pending_permissions = showPending(permissions, view.session.session_id, view.pending_permissions);
  return { ...showView(view), pending_permissions };
}

export function showResult(result: SessionView["result"]): { result?: z.infer<typeof turnResultSchema> } {
  return result === null ? {} : { result: shrinkResult(result) };
}
