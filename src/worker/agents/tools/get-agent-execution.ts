// get_agent_execution: how an execution stands, what it has used, and its result.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { executionIdField, executionSchema, showExecution } from "../execution-fields.ts";

export const getAgentExecution = defineTool({
  name: "get_agent_execution",
  title: "Look at an execution",
  description:
    "Shows how an execution of an agent stands: status, elapsed time, tokens, cost, and its result at the end.",
  scope: "sessions:read",
  toolset: "agents",
  input: z.strictObject({ execution_id: executionIdField }),
  output: executionSchema,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ execution_id }, { principal, services }) {
    return showExecution(await services.executions.get(principal, execution_id), services, Date.now());
  },
});
