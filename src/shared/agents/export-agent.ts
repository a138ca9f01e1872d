// An agent as a file for elsewhere: Claude Code's Markdown, or opcode's `.opcode.json`.
import { agentFile } from "./agent-kind.ts";
import type { Agent } from "./agent-schema.ts";

export const EXPORT_FORMATS = ["claude_code", "opcode"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type ExportedAgent = {
  file_name: string;
  media_type: string;
  content: string;
  /** What the format has no place for, in words. */
  left_out: string[];
};

export function exportAgent(name: string, agent: Agent, format: ExportFormat, nowIso: string): ExportedAgent {
  return format === "opcode" ? toOpcode(name, agent, nowIso) : toMarkdown(name, agent);
}

function toMarkdown(name: string, agent: Agent): ExportedAgent {
  const { content } = agentFile(name, agent);
  const { policy, hooks } = agent;
  const rules = policy.auto_approved.length + policy.user_consent.length + policy.forbidden.filter(isRule).length;
  return {
    file_name: `${name}.md`,
    media_type: "text/markdown",
    content,
    left_out: [
      ...(rules > 0 ? ["rules of the permission policy"] : []),
      ...(Object.keys(hooks).length > 0 ? ["hooks"] : []),
      ...(agent.mcp_servers !== null ? ["the choice of MCP servers"] : []),
      ...leftOutOfBoth(agent),
      ...(agent.default_task !== null ? ["the default task"] : []),
    ],
  };
}

function toOpcode(name: string, agent: Agent, nowIso: string): ExportedAgent {
  const { system_prompt, default_task, model, hooks } = agent;
  const hasHooks = Object.keys(hooks).length > 0;
  const exported = {
    version: 1,
    exported_at: nowIso,
    agent: { name, icon: "bot", system_prompt, default_task, model, hooks: hasHooks ? JSON.stringify(hooks) : null },
  };
  const { policy } = agent;
  const rules = policy.auto_approved.length + policy.user_consent.length + policy.forbidden.length;
  return {
    file_name: `${name}.opcode.json`,
    media_type: "application/json",
    content: `${JSON.stringify(exported, null, 2)}\n`,
    left_out: [
      ...(rules > 0 ? ["rules of the permission policy"] : []),
      ...(agent.tools !== null ? ["the list of tools"] : []),
      ...(agent.mcp_servers !== null ? ["the choice of MCP servers"] : []),
      ...(agent.skills.length > 0 ? ["skills"] : []),
      ...(agent.description !== name ? ["the description"] : []),
      ...leftOutOfBoth(agent),
    ],
  };
}

function leftOutOfBoth({ category, default_budget_usd }: Agent): string[] {
  return [...(category !== null ? ["the category"] : []), ...(default_budget_usd !== null ? ["the budget"] : [])];
}

const isRule = (rule: string): boolean => !/^[A-Za-z_][\w-]*$/.test(rule);
