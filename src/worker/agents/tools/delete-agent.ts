// delete_agent: removes an agent; executions that run go on.
import { z } from "zod";
import { outcomeSchema, showOutcome } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { agentIdField } from "../tool-fields.ts";

export const deleteAgent = defineTool({
  name: "delete_agent",
  title: "Delete an agent",
  description:
    "Removes an agent; one with rules or hooks that restrict it, once a person agreed. Executions that run go on as it was, and what they were is still listed.",
  scope: "configuration:write",
  toolset: "agents",
  input: z.strictObject({ agent_id: agentIdField }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ agent_id }, { principal, clientId, services }) {
    return showOutcome(await services.agents.remove(principal, { agent_id, client: clientId }));
  },
});
