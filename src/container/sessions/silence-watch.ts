// Notices a CLI that says nothing any more although no tool runs: a turn must not hang for ever.
import { z } from "zod";
import { readModelRetry } from "../../shared/models/retry-policy.ts";

export type SilenceWatch = {
  /** Every message of the CLI, deltas too. */
  heard(message: unknown): void;
  stop(): void;
};

const contentSchema = z.looseObject({
  type: z.enum(["assistant", "user"]),
  message: z.looseObject({ content: z.array(z.unknown()) }),
});
const useSchema = z.looseObject({ type: z.literal("tool_use"), id: z.string() });
const resultSchema = z.looseObject({ type: z.literal("tool_result"), tool_use_id: z.string() });

/** A tool may be silent for as long as it likes, and so may a wait for the model's API that was told: only else does the time count. */
export function startSilenceWatch(limitMs: number, onSilent: () => void): SilenceWatch {
  const running = new Set<string>();
  let waitsUntilMs = 0;
  const timer = setTimeout(() => {
    if (running.size === 0 && Date.now() >= waitsUntilMs) onSilent();
    else timer.refresh();
  }, limitMs);
  timer.unref();
  return {
    heard(message) {
      timer.refresh();
      waitsUntilMs = Date.now() + (readModelRetry(message)?.wait_ms ?? 0);
      const parsed = contentSchema.safeParse(message);
      if (!parsed.success) return;
      for (const block of parsed.data.message.content) {
        const { type } = (block ?? {}) as { type?: unknown };
        // A schema that refuses is slow, and most blocks are text.
        if (type !== "tool_use" && type !== "tool_result") continue;
        const use = useSchema.safeParse(block);
        if (use.success) running.add(use.data.id);
        const result = resultSchema.safeParse(block);
        if (result.success) running.delete(result.data.tool_use_id);
      }
    },
    stop: () => clearTimeout(timer),
  };
}
