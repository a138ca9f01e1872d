// What the scripted model answers: scenarios, each a match and steps, each step a list of actions.
import { z } from "zod";

export const actionSchema = z.discriminatedUnion("type", [
  /** `repeat` makes big outputs out of small scenarios. */
  z.object({ type: z.literal("text"), text: z.string(), repeat: z.int().min(1).max(10_000_000).optional() }),
  z.object({ type: z.literal("thinking"), thinking: z.string() }),
  z.object({ type: z.literal("tool"), name: z.string(), input: z.record(z.string(), z.unknown()) }),
  /** Holds for the actions after it: how large a delta is, and how long the model waits before each. */
  z.object({
    type: z.literal("pace"),
    delay_ms: z.number().nonnegative(),
    delta_chars: z.int().positive().optional(),
  }),
  /** Waits until the gate of that name is released; before the first output it holds back even the headers. */
  z.object({ type: z.literal("hold"), gate: z.string() }),
  /** Answers with an error of the API, the first `times` times (default: always) that this step is asked for. */
  z.object({
    type: z.literal("error"),
    status: z.int().min(400).max(599),
    times: z.int().positive().optional(),
    retry_after_seconds: z.number().nonnegative().optional(),
    message: z.string().optional(),
  }),
  /** Cuts the connection after that many deltas of this step, the first `times` times (default 1). */
  z.object({ type: z.literal("cut"), after_deltas: z.int().nonnegative(), times: z.int().positive().optional() }),
  /** What the answer claims to have used, in the API's own fields; tokens are counted from the sizes where absent. */
  z.looseObject({
    type: z.literal("usage"),
    input_tokens: z.int().nonnegative().optional(),
    output_tokens: z.int().nonnegative().optional(),
  }),
]);
export type Action = z.infer<typeof actionSchema>;

export const stepSchema = z.array(actionSchema);
export type Step = z.infer<typeof stepSchema>;

/** The part of a scenario that is plain data, as a prompt can carry it after `scenario:`. */
export const embeddedScenarioSchema = z.object({
  steps: z.array(stepSchema).min(1),
  /** Asked for when Claude goes on by itself after a background task of this prompt. */
  follow_up: z.array(stepSchema).optional(),
});
export type EmbeddedScenario = z.infer<typeof embeddedScenarioSchema>;

/** Chosen when `match` is part of, or matches, the newest prompt. */
export type Scenario = EmbeddedScenario & { match: string | RegExp };

/** A scenario as a line that a prompt can carry to a model in another process. */
export function embedScenario(scenario: EmbeddedScenario): string {
  return `scenario: ${JSON.stringify(scenario)}`;
}

/** The scenario that a prompt carries in a line of its own; null for none. */
export function readEmbeddedScenario(prompt: string): EmbeddedScenario | null {
  const line = /^\s*scenario:\s*(\{.*\})\s*$/m.exec(prompt)?.[1];
  if (line === undefined) return null;
  return embeddedScenarioSchema.parse(JSON.parse(line));
}

/** Short forms for scenarios written in tests. */
export const say = (text: string, repeat?: number): Action => ({
  type: "text",
  text,
  ...(repeat === undefined ? {} : { repeat }),
});
export const think = (thinking: string): Action => ({ type: "thinking", thinking });
export const callTool = (name: string, input: Record<string, unknown>): Action => ({ type: "tool", name, input });
export const hold = (gate: string): Action => ({ type: "hold", gate });
