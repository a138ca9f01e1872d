// Sessions and turns as everybody sees them: statuses, results, and what may be asked of a turn.
import { z } from "zod";
import { attachmentsSchema } from "../attachments/schema.ts";
import { uuidSchema } from "../ids.ts";
import { prefixesSchema } from "../structured/schema.ts";
import { DEFAULT_TURN_TIMEOUT_SECONDS, MAX_PROMPT_BYTES, MAX_TURN_TIMEOUT_SECONDS } from "../limits.ts";
import { permissionModeSchema } from "../permissions/permission-mode.ts";
import { prioritySchema } from "../teams/priority.ts";
import { toolNameSchema } from "../permissions/tool-allow-list.ts";

export const SESSION_STATUSES = [
  "queued",
  "starting",
  "running",
  "waiting_for_permission",
  "idle",
  "budget_exceeded",
  "ended",
  "failed",
] as const;
export const sessionStatusSchema = z.enum(SESSION_STATUSES);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

export const TURN_STATUSES = ["queued", "running", "completed", "failed", "interrupted"] as const;
export const turnStatusSchema = z.enum(TURN_STATUSES);
export type TurnStatus = z.infer<typeof turnStatusSchema>;

/** Who began a turn: a person's prompt, or Claude by itself after a background task. */
export const TURN_ORIGINS = ["prompt", "follow_up"] as const;
export type TurnOrigin = (typeof TURN_ORIGINS)[number];

export const usageSchema = z.object({
  input_tokens: z.number().nonnegative(),
  output_tokens: z.number().nonnegative(),
  cache_read_input_tokens: z.number().nonnegative(),
  cache_creation_input_tokens: z.number().nonnegative(),
});

export const turnResultSchema = z.object({
  text: z.string(),
  /** The answer that the turn's output_schema asked for, checked against it. */
  structured: z.unknown().optional(),
  /** True where `structured` is too large to be shown: the turn's `turn_completed` event has it. */
  structured_left_out: z.boolean().optional(),
  is_error: z.boolean(),
  num_turns: z.number().int().nonnegative(),
  duration_ms: z.number().nonnegative(),
  /** US dollars, this turn's own. */
  cost_usd: z.number().nonnegative(),
  usage: usageSchema,
  /** Tools that were refused during the turn; absent when none was. */
  permission_denials: z.array(z.object({ tool_name: z.string(), tool_use_id: z.string() })).optional(),
});
export type TurnResult = z.infer<typeof turnResultSchema>;

const encoder = new TextEncoder();

export const promptSchema = z
  .string()
  .refine((text) => text.trim() !== "", "must not be empty")
  .refine((text) => encoder.encode(text).length <= MAX_PROMPT_BYTES, `must be at most ${MAX_PROMPT_BYTES} bytes`);

export const modelNameSchema = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/[\]-]*$/, "must be a model name such as claude-sonnet-5");

/** What a caller may ask of one turn; all of it can only narrow what the project allows. */
export const turnOptionsSchema = z.object({
  model: modelNameSchema.optional(),
  permission_mode: permissionModeSchema.optional(),
  allowed_tools: z.array(toolNameSchema).max(200).optional(),
  max_turns: z.int().min(1).max(1000).optional(),
  max_budget_usd: z.number().positive().max(10_000).optional(),
  timeout_seconds: z.int().min(1).max(MAX_TURN_TIMEOUT_SECONDS).default(DEFAULT_TURN_TIMEOUT_SECONDS),
  /** Among the same person's turns that wait for a running slot. */
  priority: prioritySchema.optional(),
  attachments: attachmentsSchema.optional(),
  /** Checked by whoever takes it from a caller (structured/output-schema-policy.ts). */
  output_schema: z.record(z.string(), z.unknown()).optional(),
  structured_output_prefixes: prefixesSchema.optional(),
});
export type TurnOptions = z.infer<typeof turnOptionsSchema>;

export const turnSummarySchema = z.object({
  turn_id: uuidSchema,
  number: z.int().positive(),
  origin: z.enum(TURN_ORIGINS),
  status: turnStatusSchema,
  /** Why it ended that way, or what it waits for. */
  reason: z.string().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});
export type TurnSummary = z.infer<typeof turnSummarySchema>;

export const sessionSummarySchema = z.object({
  session_id: uuidSchema,
  project: z.string(),
  branch: z.string(),
  status: sessionStatusSchema,
  /** What it waits for or why it ended, in words. */
  status_reason: z.string().nullable(),
  title: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  turns: z.int().nonnegative(),
  /** The newest event's number. */
  cursor: z.int().nonnegative(),
  cost_usd: z.number().nonnegative(),
  /** What it runs as; absent for Claude Code itself. */
  agent: z.object({ agent_id: uuidSchema, name: z.string(), version: z.int(), is_execution: z.boolean() }).optional(),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;
