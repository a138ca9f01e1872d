// get_session: one session's state, its turn and that turn's result.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField, wholeViewSchema, showWhole } from "../tool-fields.ts";

export const getSession = defineTool({
  name: "get_session",
  title: "Look at a session",
  description: "Gives a session's state, the turn that runs or ran last, and that turn's result. Does not wait.",
  scope: "sessions:read",
  toolset: "sessions",
  input: z.strictObject({ session_id: sessionIdField }),
  output: wholeViewSchema,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ session_id }, { principal, services }) =>
    showWhole(await services.sessions.get(principal, session_id), services),
});
