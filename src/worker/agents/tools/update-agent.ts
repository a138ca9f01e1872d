// update_agent: gives an agent a new version.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { agentFields, agentIdField, agentOutcomeSchema, showAgentChanged } from "../tool-fields.ts";

export const updateAgent = defineTool({
  name: "update_agent",
  title: "Change an agent",
  description:
    "Gives an agent a new version; what is left out stays. Executions that run keep the version that they began with. What " +
    "lets it do more is proposed, and a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "agents",
  input: z.strictObject({ agent_id: agentIdField, ...agentFields }),
  output: agentOutcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ agent_id, ...fields }, { principal, clientId, services }) {
    const change = { agent_id, fields, source: null, client: clientId };
    return showAgentChanged(await services.agents.update(principal, change));
  },
});
