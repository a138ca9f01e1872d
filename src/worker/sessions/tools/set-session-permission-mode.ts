// set_session_permission_mode: what a session may do without asking, within the ceiling that a person set.
import { z } from "zod";
import { permissionModeSchema } from "../../../shared/permissions/permission-mode.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { appliedField, sessionIdField } from "../tool-fields.ts";

export const setSessionPermissionMode = defineTool({
  name: "set_session_permission_mode",
  title: "Set a session's permission mode",
  description:
    "Changes what Claude Code may do in a session without asking: in the running turn at once, and in later turns that name no other. " +
    "A mode wider than the ceiling that a person set is cut to it, and the answer says so.",
  scope: "sessions:write",
  toolset: "sessions",
  input: z.strictObject({
    session_id: sessionIdField,
    permission_mode: permissionModeSchema.describe(
      "From narrow to wide: plan, dontAsk, default, acceptEdits, auto, bypassPermissions.",
    ),
  }),
  output: z.object({
    session_id: sessionIdField,
    permission_mode: permissionModeSchema.nullable().describe("The session's mode from now on."),
    applied_to_running_turn: appliedField,
    notes: z.array(z.string()).describe("What is different from what was asked for, in words."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ session_id, permission_mode }, { principal, services }) {
    const set = await services.sessions.setOptions(principal, session_id, { permission_mode });
    const cut = `permission_mode ${set.cutFrom} was cut to ${set.permission_mode}, the ceiling that a person set.`;
    return {
      session_id,
      permission_mode: set.permission_mode,
      applied_to_running_turn: set.applied_to_live,
      notes: set.cutFrom === null ? [] : [cut],
    };
  },
});
