// interrupt_session: stops the turn that runs; the session takes further prompts.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField, sessionViewSchema, showView } from "../tool-fields.ts";

export const interruptSession = defineTool({
  name: "interrupt_session",
  title: "Interrupt a session",
  description:
    "Stops the session's running turn, as Escape does in Claude Code. What was done so far stays, and the session takes the next prompt. " +
    "Does nothing when no turn runs.",
  scope: "sessions:write",
  toolset: "sessions",
  input: z.strictObject({ session_id: sessionIdField }),
  output: sessionViewSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  stops: () => true,
  run: async ({ session_id }, { principal, services }) =>
    showView(await services.sessions.interrupt(principal, session_id)),
});
