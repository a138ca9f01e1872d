// Reads tool calls and their results out of the CLI's messages, for the events that are derived from them.
import { z } from "zod";

const messageSchema = z.object({
  type: z.enum(["assistant", "user"]),
  parent_tool_use_id: z.string().nullish(),
  message: z.object({ content: z.array(z.unknown()) }),
});
const toolUseSchema = z.object({ type: z.literal("tool_use"), id: z.string(), name: z.string() });
const toolResultSchema = z.object({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  is_error: z.boolean().nullish(),
});

export type ToolCallEvent =
  | { type: "tool_call_started"; tool_use_id: string; tool_name: string; parent_tool_use_id: string | null }
  | { type: "tool_call_completed"; tool_use_id: string; is_error: boolean; parent_tool_use_id: string | null };

/** None for a message of another kind, or of a shape that we do not know: the message itself is stored anyway. */
export function readToolCalls(message: unknown): ToolCallEvent[] {
  const parsed = messageSchema.safeParse(message);
  if (!parsed.success) return [];
  const parent_tool_use_id = parsed.data.parent_tool_use_id ?? null;
  return parsed.data.message.content.flatMap((block): ToolCallEvent[] => {
    const { type } = (block ?? {}) as { type?: unknown };
    // A schema that refuses is slow, and most blocks are text.
    if (type !== "tool_use" && type !== "tool_result") return [];
    const use = toolUseSchema.safeParse(block);
    if (use.success) {
      return [{ type: "tool_call_started", tool_use_id: use.data.id, tool_name: use.data.name, parent_tool_use_id }];
    }
    const result = toolResultSchema.safeParse(block);
    if (!result.success) return [];
    const { tool_use_id, is_error } = result.data;
    return [{ type: "tool_call_completed", tool_use_id, is_error: is_error === true, parent_tool_use_id }];
  });
}
