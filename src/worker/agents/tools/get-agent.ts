// get_agent: everything about an agent: what it is told, its versions, and how its executions went.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { statisticsSchema } from "../execution-fields.ts";
import { agentFactsSchema, agentIdField, definitionSchema, showAgentFacts, showDefinition } from "../tool-fields.ts";

export const getAgent = defineTool({
  name: "get_agent",
  title: "Look at an agent",
  description: "Shows an agent as a version of it is, its versions, and how its executions went.",
  scope: "configuration:read",
  toolset: "agents",
  input: z.strictObject({
    agent_id: agentIdField,
    version: z.int().min(1).optional().describe("Which version; the newest when left out."),
  }),
  output: agentFactsSchema.extend({
    definition: definitionSchema.describe("As the version says that was asked for."),
    versions: z.array(z.object({ version: z.int(), changed_by: z.string(), changed_at: z.string() })),
    statistics: statisticsSchema,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ agent_id, version }, { principal, services }) {
    const { row, agent } = await services.agents.get(principal, agent_id, version ?? null);
    const [versions, statistics] = await Promise.all([
      services.agents.versions(agent_id),
      services.executions.statistics(principal, agent_id),
    ]);
    const { description, category } = agent;
    return { ...showAgentFacts(row), description, category, definition: showDefinition(agent), versions, statistics };
  },
});
