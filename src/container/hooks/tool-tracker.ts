// Our own hook after each tool call: how long it ran, for the log. A callback like the gate, so that nothing configured and no
// file switches it off.
import type { HookCallback } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";

/** Results follow within a moment: more are never waited for. */
const MAX_WAITING = 1_000;

const endedSchema = z.object({
  hook_event_name: z.enum(["PostToolUse", "PostToolUseFailure"]),
  tool_use_id: z.string().max(256),
  duration_ms: z.number().nonnegative(),
});
const resultsSchema = z.object({ message: z.object({ content: z.array(z.unknown()) }) });
const resultSchema = z.object({ type: z.literal("tool_result"), tool_use_id: z.string() });

export type ToolTracker = {
  callback: HookCallback;
  /** In milliseconds, of the tools whose results this message of type `user` brings; null for none. */
  take(message: unknown): Record<string, number> | null;
};

export function createToolTracker(): ToolTracker {
  const durations = new Map<string, number>();
  return {
    callback: async (input) => {
      const ended = endedSchema.safeParse(input);
      if (!ended.success) return {};
      if (durations.size >= MAX_WAITING) durations.clear();
      durations.set(ended.data.tool_use_id, Math.round(ended.data.duration_ms));
      return {};
    },
    take(message) {
      if (durations.size === 0) return null;
      const found = listResults(message).flatMap((id): [string, number][] => {
        const duration = durations.get(id);
        durations.delete(id);
        return duration === undefined ? [] : [[id, duration]];
      });
      return found.length === 0 ? null : Object.fromEntries(found);
    },
  };
}

function listResults(message: unknown): string[] {
  const parsed = resultsSchema.safeParse(message);
  if (!parsed.success) return [];
  return parsed.data.message.content.flatMap((block) => {
    const result = resultSchema.safeParse(block);
    return result.success ? [result.data.tool_use_id] : [];
  });
}
