// cancel_agent_execution: stops an execution.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { executionIdField, executionSchema, showExecution } from "../execution-fields.ts";

export const cancelAgentExecution = defineTool({
  name: "cancel_agent_execution",
  title: "Cancel an execution",
  description:
    "Stops what an execution does, and takes back what waits in it. What it changed in its files stays; execute_claude " +
    "with its session_id goes on with it.",
  scope: "sessions:write",
  toolset: "agents",
  input: z.strictObject({ execution_id: executionIdField }),
  output: executionSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  stops: () => true,
  async run({ execution_id }, { principal, services }) {
    return showExecution(await services.executions.cancel(principal, execution_id), services, Date.now());
  },
});
