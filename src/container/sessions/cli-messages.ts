// Reads the CLI's messages as far as the runner acts on them: which are passing, which begin a turn, and what a result says.
import { z } from "zod";
import { readReportedUsage } from "../../shared/accounting/reported-usage.ts";
import { isMessageOf } from "../../shared/events/message-kind.ts";
import { isTooDeep, jsonBytes, shortenToFit } from "../../shared/events/shorten.ts";
import { MAX_STRUCTURED_BYTES } from "../../shared/limits.ts";
import { type CliResult, cliResultSchema } from "../../shared/rpc/runner-entry.ts";

/** The fields of any message that the runner looks at; everything else passes through unread. */
const messageHeadSchema = z.looseObject({
  type: z.string(),
  subtype: z.string().optional(),
  status: z.unknown().optional(),
});
export type MessageHead = z.infer<typeof messageHeadSchema>;

export function readHead(message: unknown): MessageHead {
  const parsed = messageHeadSchema.safeParse(message);
  return parsed.success ? parsed.data : { type: "unknown" };
}

/** Deltas and ticks: worth showing while they happen and nothing afterwards. They are never numbered. */
export function isPassing(head: MessageHead): boolean {
  if (head.type === "stream_event" || head.type === "tool_progress") return true;
  return head.type === "system" && (head.subtype === "thinking_tokens" || head.subtype === "hook_progress");
}

/** True for messages that only come while the model works: without a turn they begin one. */
export function beginsWork(head: MessageHead): boolean {
  if (["assistant", "user", "result", "stream_event"].includes(head.type)) return true;
  return head.type === "system" && head.subtype === "status" && head.status === "requesting";
}

/** Comes before the work that it belongs to. */
export function isInit(head: MessageHead): boolean {
  return head.type === "system" && head.subtype === "init";
}

const lifecycleSchema = z.looseObject({
  type: z.literal("command_lifecycle"),
  command_uuid: z.string(),
  state: z.string(),
});

/** What became of a prompt inside the CLI; null for any other message. */
export function readLifecycle(message: unknown): { uuid: string; state: string } | null {
  if (!isMessageOf(message, "command_lifecycle")) return null;
  const parsed = lifecycleSchema.safeParse(message);
  return parsed.success ? { uuid: parsed.data.command_uuid, state: parsed.data.state } : null;
}

const backgroundTasksSchema = z.looseObject({
  type: z.literal("system"),
  subtype: z.literal("background_tasks_changed"),
  tasks: z.array(z.unknown()),
});

/** How many background tasks run now; null for any other message. */
export function readBackgroundTasks(message: unknown): number | null {
  if (!isMessageOf(message, "system", "background_tasks_changed")) return null;
  const parsed = backgroundTasksSchema.safeParse(message);
  return parsed.success ? parsed.data.tasks.length : null;
}

const count = z.number().nonnegative().catch(0);
const resultSchema = z.looseObject({
  type: z.literal("result"),
  subtype: z.string().catch("unknown"),
  is_error: z.boolean().catch(true),
  result: z.string().optional().catch(undefined),
  errors: z.array(z.string()).optional().catch(undefined),
  structured_output: z.unknown().optional(),
  num_turns: count,
  duration_ms: count,
  total_cost_usd: z.number().nonnegative().max(1e6).catch(0),
  modelUsage: z.unknown().optional(),
  origin: z.looseObject({ kind: z.string() }).optional().catch(undefined),
  usage: z
    .object({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
    })
    .catch({ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }),
  permission_denials: z.array(z.looseObject({ tool_name: z.string(), tool_use_id: z.string() })).catch([]),
});

/** An entry has to stay below the limit of a row; the whole text stands in the message itself. */
const MAX_RESULT_BYTES = 128 * 1024;

/** Whole or not at all: a shortened value is another value. */
function readStructured(value: unknown): Pick<CliResult, "structured" | "structured_too_large"> {
  if (value === undefined) return {};
  // Room for what it is wrapped into on its way.
  if (isTooDeep([[[[value]]]]) || jsonBytes(value) > MAX_STRUCTURED_BYTES) return { structured_too_large: true };
  return { structured: value };
}

/** A result, and whether it belongs to work that Claude took up by itself; null for any other message. */
export function readResult(message: unknown): { result: CliResult; isFollowUp: boolean } | null {
  const parsed = resultSchema.safeParse(message);
  if (!parsed.success) return null;
  const { data } = parsed;
  const result: CliResult = {
    text: data.result ?? data.errors?.join("\n") ?? "",
    subtype: data.subtype,
    is_error: data.is_error,
    num_turns: Math.trunc(data.num_turns),
    duration_ms: data.duration_ms,
    total_cost_usd: data.total_cost_usd,
    usage: data.usage,
    model_usage: readReportedUsage(data.modelUsage),
    permission_denials: data.permission_denials
      .slice(0, 200)
      .map(({ tool_name, tool_use_id }) => ({ tool_name, tool_use_id })),
  };
  const structured = readStructured(data.structured_output);
  const roomBytes = MAX_RESULT_BYTES - jsonBytes(structured);
  const fitting = cliResultSchema.parse({ ...(shortenToFit(result, roomBytes) as object), ...structured });
  // A prompt's own result names no origin, or a person.
  return { result: fitting, isFollowUp: data.origin !== undefined && data.origin.kind !== "human" };
}
