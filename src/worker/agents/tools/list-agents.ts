// list_agents: the team's agents and the person's own.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { agentFactsSchema, agentNameField, showAgentFacts } from "../tool-fields.ts";

export const listAgents = defineTool({
  name: "list_agents",
  title: "List agents",
  description: "Lists the team's agents and your own, by name, without what they are told: get_agent has that.",
  scope: "configuration:read",
  toolset: "agents",
  input: z.strictObject({
    category: z.string().max(64).optional().describe("Only those of this category."),
    search: z.string().min(1).max(200).optional().describe("Only those whose name or description has this in it."),
    after: agentNameField.optional().describe("Only those after this name: the last one of the page before."),
    limit: z.int().min(1).max(100).default(50).describe("How many at most, 1 to 100. Default 50."),
  }),
  output: z.object({
    agents: z.array(agentFactsSchema),
    next_after: z.string().nullable().describe("Give this as `after` for more; null at the end."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ category, search, after, limit }, { principal, services }) {
    const filter = { category: category ?? null, search: search ?? null, after: after ?? null, limit: limit + 1 };
    const rows = await services.agents.list(principal, filter);
    const page = rows.slice(0, limit);
    return { agents: page.map(showAgentFacts), next_after: rows.length > limit ? (page.at(-1)?.name ?? null) : null };
  },
});
