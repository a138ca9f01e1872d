// Several PreToolUse hooks ran for one tool call: what they say together, before the gate is asked.
import type { HookReading } from "./hook-output.ts";

export type BeforeTool = {
  /** Refused by a hook: the gate need not be asked. */
  deny: string | null;
  /** A hook wants a person to be asked. */
  ask: string | null;
  /** The input that the tool is to have; null for its own. */
  updatedInput: Record<string, unknown> | null;
  /** For Claude Code besides the decision: `continue`, `stopReason`, `systemMessage`. */
  general: Record<string, unknown>;
  additionalContext: string | null;
};

export function mergeBeforeTool(readings: readonly HookReading[]): BeforeTool {
  const reasons = (outcome: HookReading["outcome"], otherwise: string) => {
    const some = readings.filter((reading) => reading.outcome === outcome);
    return some.length === 0 ? null : some.map(({ reason }) => reason ?? otherwise).join("\n");
  };
  const texts = (pick: (reading: HookReading) => unknown) =>
    readings.map(pick).filter((text): text is string => typeof text === "string" && text !== "");
  const messages = texts(({ output }) => output["systemMessage"]);
  const stopping = readings.find(({ output }) => output["continue"] === false);
  const contexts = texts(({ output }) => specificOf(output)["additionalContext"]);
  return {
    deny: reasons("blocked", "A hook refuses this tool call."),
    ask: reasons("asked", "A hook wants a person to agree."),
    updatedInput: readings.findLast(({ updatedInput }) => updatedInput !== null)?.updatedInput ?? null,
    general: {
      ...(stopping !== undefined && {
        continue: false,
        stopReason: stopping.output["stopReason"] ?? "A hook stopped it.",
      }),
      ...(messages.length > 0 && { systemMessage: messages.join("\n") }),
    },
    additionalContext: contexts.length === 0 ? null : contexts.join("\n"),
  };
}

function specificOf(output: Record<string, unknown>): Record<string, unknown> {
  const specific = output["hookSpecificOutput"];
  return typeof specific === "object" && specific !== null ? (specific as Record<string, unknown>) : {};
}
