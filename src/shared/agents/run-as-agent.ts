// A session's configuration with the agent that it is an execution of: its prompt, its tools, and its rules beside all others.
import type { SessionConfiguration } from "../configuration/session-configuration.ts";
import { addHooks, listHookUrls } from "../hooks/hooks-kind.ts";
import { isToolAllowed } from "../permissions/tool-allow-list.ts";
import { agentFile, withBothNames } from "./agent-kind.ts";
import type { PinnedAgent } from "./agent-schema.ts";

/** By which Claude Code answers to a schema: no tool of the agent's own choice. */
const ANSWERING_TOOL = "StructuredOutput";

/** `mark` is nobody's to guess: a file of that name in the repository would take the place of ours. */
export function runAsAgent(
  { sandbox, gate }: SessionConfiguration,
  { name, agent }: PinnedAgent,
  mark: string,
): SessionConfiguration {
  const tools = agent.tools === null ? null : [...withBothNames(agent.tools), ANSWERING_TOOL];
  const hooks = addHooks([sandbox.hooks, agent.hooks]);
  const runName = `${name}-${mark}`;
  // The session's own model counts, which a caller may have chosen.
  const file = agentFile(runName, { ...agent, tools, model: null });
  const mayRunBash = isToolAllowed(tools ?? undefined, "Bash");
  return {
    sandbox: {
      ...sandbox,
      settings: { ...sandbox.settings, agent: runName },
      files: [...sandbox.files, file],
      hooks,
      forbidden: [...new Set([...sandbox.forbidden, ...agent.policy.forbidden])],
      inline_shell: sandbox.inline_shell && mayRunBash && agent.policy.user_consent.length === 0,
      ...serversOf(sandbox, agent.mcp_servers),
    },
    gate: {
      ...gate,
      policies: [...gate.policies, { scope: "session", policy: agent.policy }],
      hook_urls: listHookUrls(hooks),
      ceiling: {
        ...gate.ceiling,
        allowed_tools: tools === null ? gate.ceiling.allowed_tools : [...gate.ceiling.allowed_tools, tools],
      },
    },
  };
}

type Sandbox = SessionConfiguration["sandbox"];

function serversOf(
  { mcp_servers = {}, repository }: Sandbox,
  names: readonly string[] | null,
): Partial<Pick<Sandbox, "mcp_servers" | "repository">> {
  if (names === null) return {};
  const kept = Object.entries(mcp_servers).filter(([name]) => names.includes(name));
  return { mcp_servers: Object.fromEntries(kept), repository: { ...repository, mcp_servers: false } };
}
