// get_delegated_task: how a delegated task stands, its answer, and whether that is what its kind asks for.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { delegatedSchema, showDelegated, taskIdField } from "../tool-fields.ts";

export const getDelegatedTask = defineTool({
  name: "get_delegated_task",
  title: "Look at a delegated task",
  description:
    "Shows how a delegated task stands. At its end result.structured has the answer of its kind, and verdict says whether " +
    "it holds: findings with file, line and severity, tests with counts that add up, generated code that is there and parses.",
  scope: "sessions:read",
  toolset: "delegation",
  input: z.strictObject({ task_id: taskIdField }),
  output: delegatedSchema,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ task_id }, { principal, services }) {
    return showDelegated(await services.delegation.get(principal, task_id), services);
  },
});
