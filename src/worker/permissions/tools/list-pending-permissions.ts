// list_pending_permissions: what a session asks a person, whole, for a client in which that person answers.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { pendingField, sessionIdField } from "../../sessions/tool-fields.ts";
import { showPending } from "../permission-service.ts";

export const listPendingPermissions = defineTool({
  name: "list_pending_permissions",
  title: "List what waits for a person",
  description:
    "Lists what a session asks a person, with each call's whole input. For clients in which the person answers " +
    "themselves, through answer_permission.",
  scope: "permissions:answer",
  toolset: "permissions",
  input: z.strictObject({ session_id: sessionIdField }),
  output: z.object({
    pending_permissions: z.array(
      pendingField.element.extend({
        input: z.unknown().describe("What the tool would be called with, or what is asked."),
        permission_mode: z.string(),
      }),
    ),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ session_id }, { principal, services: { permissions } }) {
    const pending = await permissions.list(principal, session_id);
    const shown = showPending(permissions, session_id, pending);
    const whole = shown.map((one, index) => ({
      ...one,
      input: pending[index]?.tool_input,
      permission_mode: pending[index]?.permission_mode ?? "default",
    }));
    return { pending_permissions: whole };
  },
});
