// stop_background_task: ends one task that goes on in the background.
import { z } from "zod";
import { backgroundTaskSchema, taskIdSchema } from "../../../shared/tasks/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../../sessions/tool-fields.ts";

export const stopBackgroundTask = defineTool({
  name: "stop_background_task",
  title: "Stop a background task",
  description:
    "Stops one background task of a session, by the id that list_background_tasks gives. The session and its turn go on. " +
    "Claude Code hears of it, and may go on by itself in a turn of its own.",
  scope: "sessions:write",
  toolset: "runtime",
  input: z.strictObject({ session_id: sessionIdField, task_id: taskIdSchema.describe("The task's id.") }),
  output: z.object({
    stopped: z.boolean().describe("False when it had ended before."),
    task: backgroundTaskSchema,
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  stops: () => true,
  async run({ session_id, task_id }, { principal, services }) {
    return services.sessions.stopTask(principal, session_id, task_id);
  },
});
