// Agents as a piece of configuration: which change lets its executions do more, and the file by which other sessions have
// it as a sub-agent.
import { widensPolicy } from "../configuration/kinds/policy.ts";
import type { ConfigurationFile } from "../configuration/session-configuration.ts";
import { writeFrontMatter } from "../front-matter/write-front-matter.ts";
import { hooksProblem, widensHooks } from "../hooks/hooks-kind.ts";
import { type Agent, agentNameSchema } from "./agent-schema.ts";

export function agentNameProblem(name: string): string | null {
  const parsed = agentNameSchema.safeParse(name);
  return parsed.success ? null : `The agent's name ${parsed.error.issues[0]?.message ?? "does not fit"}.`;
}

export function agentProblem({ hooks }: Agent): string | null {
  return hooksProblem(hooks);
}

/**
 * What it says, and what it leaves out, anybody may ask of a session. What runs without a question takes a person, and so
 * does what restricted it and goes, also with the whole agent: it could be made anew without. So do words from elsewhere,
 * which nobody here has read.
 */
export function widensAgent(before: Agent | null, after: Agent | null): boolean {
  if (widensPolicy(before?.policy ?? null, after?.policy ?? null)) return true;
  if (widensHooks(before?.hooks ?? null, after?.hooks ?? null)) return true;
  return after !== null && after.source_url !== null && wordsOf(before) !== wordsOf(after);
}

function wordsOf(agent: Agent | null): string {
  return JSON.stringify([agent?.description, agent?.system_prompt, agent?.default_task]);
}

/** As a sub-agent it works by the rules and hooks of the session that calls it. */
export function agentFile(name: string, agent: Agent): ConfigurationFile {
  const forbidden = agent.policy.forbidden.filter((rule) => /^[A-Za-z_][\w-]*$/.test(rule));
  const content = writeFrontMatter(
    {
      name,
      description: agent.description,
      tools: agent.tools === null ? null : withBothNames(agent.tools).join(", "),
      disallowedTools: forbidden.length === 0 ? null : forbidden.join(", "),
      model: agent.model,
      skills: agent.skills.length === 0 ? null : agent.skills.join(", "),
    },
    agent.system_prompt,
  );
  return { path: `agents/${name}.md`, content, encoding: "utf8", executable: false };
}

/** Claude Code has called the tool that starts sub-agents by both. */
export function withBothNames(tools: readonly string[]): string[] {
  const both = tools.includes("Agent") || tools.includes("Task");
  return [...new Set(both ? [...tools, "Agent", "Task"] : tools)];
}
