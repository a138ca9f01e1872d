// list_agent_categories: by which words agents are listed, and how many each has.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";

export const listAgentCategories = defineTool({
  name: "list_agent_categories",
  title: "List categories of agents",
  description: "Lists the categories of your agents with how many each has; null stands for those without one.",
  scope: "configuration:read",
  toolset: "agents",
  input: z.strictObject({}),
  output: z.object({ categories: z.array(z.object({ category: z.string().nullable(), agents: z.int() })) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async (_args, { principal, services }) => ({ categories: await services.agents.categories(principal) }),
});
