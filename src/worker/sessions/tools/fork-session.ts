// fork_session: a new session that continues another one's conversation from one of its turns.
import { z } from "zod";
import { sessionSummarySchema } from "../../../shared/sessions/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../tool-fields.ts";

export const forkSession = defineTool({
  name: "fork_session",
  title: "Fork a session",
  description:
    "Makes a new session that continues a session's conversation as it was after one of its completed turns, in the same project. " +
    "The source is not changed. The files are the project's as they are now. The new session's cost starts at the source's total.",
  scope: "sessions:write",
  toolset: "sessions",
  input: z.strictObject({
    session_id: sessionIdField,
    at_event: z
      .int()
      .positive()
      .optional()
      .describe(
        "Fork after the newest turn that ended no later than this event. Without it, after the newest completed turn.",
      ),
  }),
  output: z.object({
    session: sessionSummarySchema.omit({ agent: true }),
    forked_from: z.object({
      session_id: sessionIdField,
      at_event: z.int().positive().describe("The last event of the turn after which the copy begins."),
    }),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ session_id, at_event }, { principal, services }) {
    const forked = await services.sessions.fork(principal, session_id, at_event ?? null);
    const forked_from = { session_id: forked.source_session_id, at_event: forked.at_event };
    return { session: forked.view.session, forked_from };
  },
});
