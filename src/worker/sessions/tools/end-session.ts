// end_session: ends a session for good; its events stay readable and the project's files stay.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField, sessionViewSchema, showView } from "../tool-fields.ts";

export const endSession = defineTool({
  name: "end_session",
  title: "End a session",
  description:
    "Ends a session for good: a running turn is stopped and no further prompt is taken. " +
    "Its events stay readable, and the project's files stay as they are.",
  scope: "sessions:write",
  toolset: "sessions",
  input: z.strictObject({ session_id: sessionIdField }),
  output: sessionViewSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  stops: () => true,
  run: async ({ session_id }, { principal, services }) => showView(await services.sessions.end(principal, session_id)),
});
