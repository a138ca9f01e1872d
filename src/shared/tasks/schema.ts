// Background tasks: commands and agents that go on after their turn's result, as Claude Code tells of them.
import { z } from "zod";
import { isMessageOf } from "../events/message-kind.ts";

/** Ids are Claude Code's own. */
export const taskIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, "must be a task's id, as list_background_tasks gives it");

export const TASK_STATUSES = ["running", "completed", "failed", "stopped"] as const;

export const backgroundTaskSchema = z.object({
  task_id: z.string(),
  /** `local_bash`, `local_agent`, … */
  type: z.string(),
  description: z.string(),
  status: z.enum(TASK_STATUSES),
  /** The tool call that began it. */
  tool_use_id: z.string().nullable(),
  /** ISO 8601, the sandbox's clock. */
  started_at: z.string(),
  ended_at: z.string().nullable(),
  /** What Claude Code said of its end. */
  summary: z.string().nullable(),
});
export type BackgroundTask = z.infer<typeof backgroundTaskSchema>;

/** The end of what a task wrote. */
export const taskOutputSchema = z.object({
  output: z.string(),
  total_bytes: z.int().nonnegative(),
  /** True when `output` is only the end of it. */
  truncated: z.boolean(),
});
export type TaskOutput = z.infer<typeof taskOutputSchema>;

const TEXT_CHARACTERS = 500;
const text = z.string().transform((value) => value.slice(0, TEXT_CHARACTERS));
const head = { type: z.literal("system"), task_id: z.string() };

/** What Claude Code says of one task, as far as it is read. */
const taskMessageSchema = z.discriminatedUnion("subtype", [
  z.object({
    ...head,
    subtype: z.literal("task_started"),
    description: text.catch(""),
    task_type: z.string().catch("unknown"),
    tool_use_id: z.string().nullish(),
    is_backgrounded: z.boolean().nullish(),
  }),
  z.object({
    ...head,
    subtype: z.literal("task_updated"),
    patch: z.object({ is_backgrounded: z.boolean().nullish(), status: z.string().nullish() }),
  }),
  z.object({
    ...head,
    subtype: z.literal("task_notification"),
    status: z.enum(["completed", "failed", "stopped"]),
    summary: text.catch(""),
  }),
]);
export type TaskMessage = z.infer<typeof taskMessageSchema>;

/** Null for a message about something else. */
export function readTaskMessage(message: unknown): TaskMessage | null {
  if (!isMessageOf(message, "system")) return null;
  const parsed = taskMessageSchema.safeParse(message);
  return parsed.success ? parsed.data : null;
}

export type TaskChange = { task_id: string; status: (typeof TASK_STATUSES)[number]; text: string };

/** A task that began in the background, moved there, or ended; null for a message about something else. */
export function readTaskChange(message: unknown): TaskChange | null {
  const told = readTaskMessage(message);
  if (told === null) return null;
  const { task_id } = told;
  switch (told.subtype) {
    case "task_started":
      return told.is_backgrounded === false ? null : { task_id, status: "running", text: told.description };
    case "task_updated":
      return told.patch.is_backgrounded === true ? { task_id, status: "running", text: "" } : null;
    case "task_notification":
      return { task_id, status: told.status, text: told.summary };
  }
}
