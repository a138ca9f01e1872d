// What the runner tells the Session object for good: entries numbered per session and runtime (`source_seq`, 1…n).
import { z } from "zod";
import { reportedUsageSchema } from "../accounting/reported-usage.ts";
import { attachmentProblemSchema } from "../attachments/schema.ts";
import { eventBodySchema } from "../events/event.ts";
import { hookResultSchema } from "../hooks/hook-result.ts";
import { uuidSchema } from "../ids.ts";
import { TURN_ORIGINS, usageSchema } from "../sessions/schema.ts";

/** Why a turn ended, as the runner saw it. */
export const TURN_END_REASONS = [
  /** The CLI's own `result`. */
  "result",
  /** interrupt() was called. */
  "interrupted",
  /** The turn's timeout passed. */
  "timed_out",
  /** The CLI said nothing for too long while no tool ran. */
  "silent",
  /** The process went away without a `result`. */
  "cli_exited",
  /** The process could not be started. */
  "cli_start_failed",
  /** What the CLI said could not be kept in the sandbox: its disk may be full. */
  "not_recorded",
  /** One of the files that its prompt names could not be given; the model was not asked. */
  "attachment_refused",
] as const;
export type TurnEndReason = (typeof TURN_END_REASONS)[number];

/** The CLI's `result`, reduced to what a turn's result needs. Its cost runs on over turns and resumes. */
export const cliResultSchema = z.object({
  text: z.string(),
  /** What Claude Code gave as the structured answer, whole. */
  structured: z.unknown().optional(),
  /** True when there was one and it was too large to be kept whole. */
  structured_too_large: z.boolean().optional(),
  /** `success`, `error_max_turns`, `error_max_budget_usd`, `error_during_execution`, … */
  subtype: z.string(),
  is_error: z.boolean(),
  num_turns: z.number().int().nonnegative(),
  duration_ms: z.number().nonnegative(),
  /** US dollars, cumulative as the CLI reports it. */
  total_cost_usd: z.number().nonnegative().max(1e6),
  usage: usageSchema,
  /** By model, sub-agents included; cumulative like the cost. An older runner does not say. */
  model_usage: reportedUsageSchema.optional(),
  /** Tools that were refused during the turn. */
  permission_denials: z.array(z.object({ tool_name: z.string(), tool_use_id: z.string() })).max(200),
});
export type CliResult = z.infer<typeof cliResultSchema>;

/** Milliseconds by `tool_use_id`, of the tools whose results the message brings. */
const toolDurationsSchema = z.record(z.string().max(256), z.int().nonnegative());

const entryBase = {
  source_seq: z.int().positive(),
  /** ISO 8601, the runner's clock. */
  occurred_at: z.string(),
  turn_id: uuidSchema.nullable(),
};

export const runnerEntrySchema = z.discriminatedUnion("kind", [
  /** One complete message of the CLI, unchanged; shortened when `body` names the whole. */
  z.object({
    ...entryBase,
    kind: z.literal("message"),
    message: z.unknown(),
    body: eventBodySchema.optional(),
    tool_durations: toolDurationsSchema.optional(),
  }),
  z.object({
    ...entryBase,
    kind: z.literal("turn_started"),
    turn_id: uuidSchema,
    origin: z.enum(TURN_ORIGINS),
  }),
  z.object({
    ...entryBase,
    kind: z.literal("turn_ended"),
    turn_id: uuidSchema,
    reason: z.enum(TURN_END_REASONS),
    result: cliResultSchema.nullable(),
    exit_code: z.number().int().nullable(),
    signal: z.string().nullable(),
    /** The redacted end of the CLI's stderr when there was no result: session content, not an error message. */
    stderr_tail: z.string().max(8192).nullable(),
    /** With `attachment_refused`. */
    attachment: attachmentProblemSchema.optional(),
    /** What its files came to that went to the CLI; absent for a turn without files. */
    attached_bytes: z.int().nonnegative().optional(),
  }),
  z.object({
    ...entryBase,
    kind: z.literal("cli_started"),
    pid: z.int(),
    claude_session_id: uuidSchema,
    resumed: z.boolean(),
    /** From where it counts on, as it saved it with the conversation; an older runner does not say. */
    totals: z.object({ total_cost_usd: z.number().nonnegative(), model_usage: reportedUsageSchema }).optional(),
  }),
  z.object({
    ...entryBase,
    kind: z.literal("cli_exited"),
    exit_code: z.number().int().nullable(),
    signal: z.string().nullable(),
  }),
  /** Commands and agents that go on in the background after their turn's result. */
  z.object({ ...entryBase, kind: z.literal("background_tasks_changed"), running: z.int().nonnegative() }),
  /** A hook that a person configured has ended. */
  z.object({ ...entryBase, kind: z.literal("hook_executed"), hook: hookResultSchema }),
]);
export type RunnerEntry = z.infer<typeof runnerEntrySchema>;

export const entryBatchSchema = z.object({
  runtime_id: uuidSchema,
  /** In order of source_seq, without gaps; together at most MAX_BATCH_BYTES unless it is a single one. */
  entries: z.array(runnerEntrySchema).min(1).max(1000),
});
export type EntryBatch = z.infer<typeof entryBatchSchema>;
