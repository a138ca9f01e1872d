// create_agent: keeps an agent for the team, or for the person alone.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { agentFields, agentNameField, agentOutcomeSchema, agentScopeField, showAgentChanged } from "../tool-fields.ts";

export const createAgent = defineTool({
  name: "create_agent",
  title: "Create an agent",
  description:
    "Keeps an agent: a system prompt with a model, tools and rules. execute_agent runs it, and other sessions have it as a " +
    "sub-agent. With rules that approve tools, or with hooks, it is proposed, and a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "agents",
  input: z.strictObject({
    name: agentNameField,
    scope: agentScopeField.optional(),
    ...agentFields,
    description: agentFields.description.unwrap().describe("When to use it: Claude chooses sub-agents by this."),
    system_prompt: agentFields.system_prompt.unwrap().describe("What it is told, at most 100,000 characters."),
  }),
  output: agentOutcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ name, scope, ...fields }, { principal, clientId, services }) {
    const source = { source_url: null, source_commit: null };
    const wanted = { name, scope: scope ?? null, fields, source, client: clientId };
    return showAgentChanged(await services.agents.create(principal, wanted));
  },
});
