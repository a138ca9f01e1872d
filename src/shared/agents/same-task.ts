// Whether a call says what an earlier one said that began, or went on with, a session.
import type { PinnedAgent } from "./agent-schema.ts";

type Said = { prompt: string; agent: PinnedAgent | null };

/** Who leaves out the task says what the agent's version of that time has as its default. */
export function isSameTask(earlier: Said, again: Said): boolean {
  return earlier.prompt === again.prompt || (isDefault(earlier) && isDefault(again));
}

function isDefault({ prompt, agent }: Said): boolean {
  return agent !== null && prompt === agent.agent.default_task;
}
