// Several hooks ran for one event: their answers as the one that Claude Code is given.
import type { HookCallback } from "@anthropic-ai/claude-agent-sdk";
import { blockingOutput, type HookReading } from "../../shared/hooks/hook-output.ts";
import type { HookEventName } from "../../shared/hooks/hook-events.ts";

type HookOutput = Awaited<ReturnType<HookCallback>>;

/** A block holds whatever the others say; texts for Claude and for the person are joined. */
export function mergeOutputs(event: HookEventName, readings: readonly HookReading[]): HookOutput {
  const outputs = readings.map(({ output }) => output).filter((output) => Object.keys(output).length > 0);
  const [first] = outputs;
  if (first === undefined) return {};
  if (outputs.length === 1) return first;
  const specifics = outputs.map(({ hookSpecificOutput: specific }) => toRecord(specific));
  const contexts = specifics.flatMap(({ additionalContext: text }) => (typeof text === "string" ? [text] : []));
  const specific = {
    ...Object.assign({}, ...specifics),
    ...(contexts.length > 0 && { additionalContext: contexts.join("\n") }),
  };
  const messages = outputs.flatMap(({ systemMessage: text }) => (typeof text === "string" ? [text] : []));
  return {
    ...Object.assign({}, ...outputs),
    ...(outputs.some((output) => output["continue"] === false) && { continue: false }),
    ...(messages.length > 0 && { systemMessage: messages.join("\n") }),
    ...(Object.keys(specific).length > 0 && { hookSpecificOutput: specific }),
    ...blockOf(event, readings),
  } as HookOutput;
}

function blockOf(event: HookEventName, readings: readonly HookReading[]): Record<string, unknown> {
  const blocking = readings.filter(({ outcome, output }) => outcome === "blocked" && output["continue"] !== false);
  if (blocking.length === 0) return {};
  return blockingOutput(event, blocking.map(({ reason }) => reason ?? "A hook blocked this.").join("\n"));
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
