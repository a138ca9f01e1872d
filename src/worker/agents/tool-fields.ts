// What the agent tools share: an agent's fields as arguments, and how an agent is shown.
import { z } from "zod";
import { type Agent, agentFieldsSchema, agentNameSchema } from "../../shared/agents/agent-schema.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { outcomeSchema, showOutcome } from "../configuration/tool-fields.ts";
import type { AgentChanged } from "./agent-service.ts";
import type { AgentRow } from "./agent-store.ts";

const shape = agentFieldsSchema.shape;

export const agentIdField = uuidSchema.describe("The agent's id, as list_agents gives it.");
export const agentNameField = agentNameSchema.describe("Unique in the team, such as code-reviewer.");
export const agentScopeField = z
  .enum(["team", "user"])
  .describe("`team`: everybody's, changed by its owners. `user`: yours alone. Default: the team's where you own it.");

/** All of them may be left out; create_agent asks for some. */
export const agentFields = {
  description: shape.description.optional().describe("When to use it: Claude chooses sub-agents by this."),
  category: shape.category.optional().describe("A word to list it under; null for none."),
  system_prompt: shape.system_prompt.optional().describe("What it is told, at most 100,000 characters."),
  default_task: shape.default_task.optional().describe("What execute_agent gives it where no task is named."),
  model: shape.model
    .optional()
    .describe("The model that it uses, such as claude-sonnet-5 or haiku; null for the usual."),
  tools: shape.tools.optional().describe("The only tools that it has, by name; null for all."),
  policy: shape.policy
    .optional()
    .describe(
      "Permission rules that count in its executions beside all others. What they approve is only proposed, and a person confirms it.",
    ),
  hooks: z
    .record(z.string(), z.json())
    .optional()
    .describe("Hooks of its executions, in Claude Code's format. A person confirms them."),
  mcp_servers: shape.mcp_servers.optional().describe("Of the configured MCP servers those that it has; null for all."),
  skills: shape.skills.optional().describe("Skills that are loaded from its beginning, by name."),
  default_budget_usd: shape.default_budget_usd.optional().describe("What a turn of it may cost, in US dollars."),
};

export const agentFactsSchema = z.object({
  agent_id: z.string(),
  name: z.string(),
  scope: z.enum(["team", "user"]),
  description: z.string(),
  category: z.string().nullable(),
  source_url: z.string().nullable(),
  source_commit: z.string().nullable(),
  version: z.int().describe("Its newest."),
  updated_at: z.string(),
});

export function showAgentFacts(row: AgentRow): z.input<typeof agentFactsSchema> {
  const { created_by: _by, created_at: _at, ...facts } = row;
  return facts;
}

export const agentOutcomeSchema = outcomeSchema.extend({
  agent_id: z.string(),
  name: z.string(),
  notes: z.array(z.string()).describe("What is different from what was given, in words."),
});

export function showAgentChanged(
  { agent, name, outcome }: AgentChanged,
  notes: string[] = [],
): z.input<typeof agentOutcomeSchema> {
  return { ...showOutcome(outcome), agent_id: agent.agent_id, name, notes };
}

/** Everything that shapes a run. */
export const definitionSchema = z.object({
  system_prompt: z.string(),
  default_task: z.string().nullable(),
  model: z.string().nullable(),
  tools: z.array(z.string()).nullable(),
  policy: z.object({
    auto_approved: z.array(z.string()),
    user_consent: z.array(z.string()),
    forbidden: z.array(z.string()),
  }),
  hooks: z.record(z.string(), z.unknown()),
  mcp_servers: z.array(z.string()).nullable(),
  skills: z.array(z.string()),
  default_budget_usd: z.number().nullable(),
});

export function showDefinition(agent: Agent): z.input<typeof definitionSchema> {
  const {
    agent_id: _id,
    description: _text,
    category: _word,
    source_url: _url,
    source_commit: _commit,
    ...rest
  } = agent;
  return { ...rest, hooks: { ...rest.hooks } };
}
