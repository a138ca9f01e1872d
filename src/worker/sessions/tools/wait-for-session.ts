// wait_for_session: waits until something happened, and gives the events since a cursor.
import { z } from "zod";
import { DEFAULT_WAIT_SECONDS } from "../../../shared/limits.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { pageEvents } from "../result-size-policy.ts";
import {
  eventField,
  resultField,
  sessionIdField,
  showResult,
  statusField,
  turnField,
  waitSecondsField,
} from "../tool-fields.ts";

export const waitForSession = defineTool({
  name: "wait_for_session",
  title: "Wait for a session",
  description:
    "Waits, for at most wait_seconds, until the session's newest turn has ended or needs a person, and gives its state, " +
    "the turn's result and the events after a cursor. Call it again with next_cursor while the turn runs or has_more is true.",
  scope: "sessions:read",
  toolset: "sessions",
  input: z.strictObject({
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
  }),
  output: z.object({
    session_id: sessionIdField,
    status: statusField,
    turn: turnField,
    result: resultField,
    events: z.array(eventField).describe("The events after the cursor, in order."),
    next_cursor: z.int().nonnegative().describe("Give this as after_cursor to go on."),
    has_more: z.boolean().describe("True when more events are there already."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(args, { principal, services, reportProgress, signal }) {
    const answer = await services.sessions.wait(principal, args, { reportProgress, signal });
    return {
      session_id: args.session_id,
      status: answer.session.status,
      turn: answer.turn,
      ...showResult(answer.result),
      ...pageEvents(args.session_id, answer),
    };
  },
});
