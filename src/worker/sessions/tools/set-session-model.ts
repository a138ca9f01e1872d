// set_session_model: the model of a session, for the turn that runs and those to come.
import { z } from "zod";
import { modelNameSchema } from "../../../shared/sessions/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { appliedField, sessionIdField } from "../tool-fields.ts";

export const setSessionModel = defineTool({
  name: "set_session_model",
  title: "Set a session's model",
  description:
    "Changes the model that Claude Code uses in a session: from the next request of a running turn on, and for later turns that name no other.",
  scope: "sessions:write",
  toolset: "sessions",
  input: z.strictObject({
    session_id: sessionIdField,
    model: modelNameSchema.describe("The model's name, such as claude-sonnet-5."),
  }),
  output: z.object({
    session_id: sessionIdField,
    model: z.string().nullable().describe("The session's model from now on."),
    applied_to_running_turn: appliedField,
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ session_id, model }, { principal, services }) {
    const set = await services.sessions.setOptions(principal, session_id, { model });
    return { session_id, model: set.model, applied_to_running_turn: set.applied_to_live };
  },
});
