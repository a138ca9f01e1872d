// A version of an agent as an execution keeps it, with fields of the test's choice.
import type { Agent, PinnedAgent } from "../../src/shared/agents/agent-schema.ts";
import { newUuid } from "./seed-checkpoint.ts";

export function pinnedAgent(fields: Partial<Agent> = {}): PinnedAgent {
  const agent: Agent = {
    agent_id: newUuid(),
    description: "counts",
    category: null,
    system_prompt: "You count.",
    default_task: null,
    model: null,
    tools: null,
    policy: { auto_approved: [], user_consent: [], forbidden: [] },
    hooks: {},
    mcp_servers: null,
    skills: [],
    default_budget_usd: null,
    source_url: null,
    source_commit: null,
    ...fields,
  };
  return { name: "counter", version: 1, agent };
}
