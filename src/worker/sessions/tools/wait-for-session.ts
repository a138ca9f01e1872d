// wait_for_session: waits until something happened, and gives the events since a cursor.
import { z } from "zod";
import { DEFAULT_WAIT_SECONDS } from "../../../shared/limits.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import type { ToolContext } from "../../mcp/tool-context.ts";
import { showPending } from "../../permissions/permission-service.ts";
import { pageEvents } from "../result-size-policy.ts";
import {
  eventField,
  pendingField,
  resultField,
  sessionIdField,
  showResult,
  statusField,
  turnField,
  waitSecondsField,
} from "../tool-fields.ts";

const input = z.strictObject({
  session_id: sessionIdField,
  after_cursor: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      "Give the events after this number: the cursor or next_cursor of an answer before. 0 begins with the first.",
    ),
  wait_seconds: waitSecondsField
    .default(DEFAULT_WAIT_SECONDS)
    .describe(`How long this call may wait, 0 to 40 seconds; default ${DEFAULT_WAIT_SECONDS}. 0 answers at once.`),
  return_on: z
    .enum(["turn", "event"])
    .default("turn")
    .describe("`turn`: come back when the turn has ended or needs a person. `event`: with the next event."),
});

const output = z.object({
  session_id: sessionIdField,
  status: statusField,
  turn: turnField,
  result: resultField,
  pending_permissions: pendingField,
  events: z.array(eventField).describe("The events after the cursor, in order."),
  next_cursor: z.int().nonnegative().describe("Give this as after_cursor to go on."),
  has_more: z.boolean().describe("True when more events are there already."),
});

export const waitForSession = defineTool({
  name: "wait_for_session",
  title: "Wait for a session",
  description:
    "Waits, for at most wait_seconds, until the session's newest turn has ended or needs a person, and gives its state, " +
    "the turn's result and the events after a cursor. Call it again with next_cursor while the turn runs or has_more is true.",
  scope: "sessions:read",
  toolset: "sessions",
  input,
  output,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: wait,
  resume: (args, _before, context) => wait(args, context),
});

type Arguments = z.output<typeof input>;

async function wait(
  args: Arguments,
  { principal, services, reportProgress, signal }: ToolContext,
): Promise<z.input<typeof output>> {
  const answer = await services.sessions.wait(principal, args, { reportProgress, signal });
  return {
    session_id: args.session_id,
    status: answer.session.status,
    turn: answer.turn,
    ...showResult(answer.result),
    pending_permissions: showPending(services.permissions, args.session_id, answer.pending_permissions),
    ...pageEvents(args.session_id, answer),
  };
}
