// list_background_tasks: what goes on in a session besides its turns.
import { z } from "zod";
import { backgroundTaskSchema } from "../../../shared/tasks/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../../sessions/tool-fields.ts";

export const listBackgroundTasks = defineTool({
  name: "list_background_tasks",
  title: "Background tasks of a session",
  description:
    "Shows the commands and agents that go on in a session after their turn's result, and those that ended lately, " +
    "asked of the sandbox now. Each change is also an event `background_task_changed` of the session.",
  scope: "sessions:read",
  toolset: "runtime",
  input: z.strictObject({ session_id: sessionIdField }),
  output: z.object({
    tasks: z.array(backgroundTaskSchema),
    checked: z.boolean().describe("False when the sandbox did not answer, so that nothing is known of its tasks."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ session_id }, { principal, services }) {
    return services.sessions.listTasks(principal, session_id);
  },
});
