// Result fields that the process tools share.
import { z } from "zod";
import { EVENT_TYPES } from "../../shared/events/event.ts";
import { processInfoSchema, runningSessionSchema } from "../../shared/processes/schema.ts";
import { sessionSummarySchema, turnSummarySchema } from "../../shared/sessions/schema.ts";

export const sessionProcessesSchema = z.object({
  session: sessionSummarySchema,
  turn: turnSummarySchema.nullable().describe("The turn that runs, else the newest one."),
  runtime_id: z
    .string()
    .nullable()
    .describe("The boot of the sandbox that the session works in; null before the first."),
  processes: z.array(processInfoSchema).describe("Claude Code and what it started, as the sandbox says now."),
  checked: z.boolean().describe("False when the sandbox did not answer, so that nothing is known of its processes."),
  last_event: z
    .object({ seq: z.int(), type: z.enum(EVENT_TYPES), at: z.string() })
    .nullable()
    .describe("The newest event of the session."),
});

export const teamRowSchema = runningSessionSchema.extend({
  owner: z.string().nullable().describe("Whose session it is, by name."),
  checked_at: z.string().nullable().describe("When the sandbox last said what runs; null before it did."),
});
