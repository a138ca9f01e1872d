// What runs in a sandbox for a session, as the operating system sees it, and the row that the registry keeps of it.
import { z } from "zod";
import { EVENT_TYPES } from "../events/event.ts";
import { SESSION_STATUSES } from "../sessions/schema.ts";

export const processInfoSchema = z.object({
  pid: z.int().positive(),
  parent_pid: z.int().nonnegative(),
  /** `claude` for Claude Code itself; everything else was started by it. */
  kind: z.enum(["claude", "child"]),
  /** The command line, shortened and without what looks like a secret. */
  command: z.string().max(600),
  /** ISO 8601. */
  started_at: z.string(),
  /** Of one core, on average since it started. */
  cpu_percent: z.number().nonnegative(),
  /** Resident memory, bytes. */
  rss_bytes: z.int().nonnegative(),
});
export type ProcessInfo = z.infer<typeof processInfoSchema>;

export const MAX_PROCESSES = 200;

/** What a session's processes come to. Nothing of it says what the work is about. */
export const processFiguresSchema = z.object({
  /** Claude Code's own process; null while none is known. */
  pid: z.int().positive().nullable(),
  started_at: z.string().nullable(),
  /** Claude Code and what it started, together. */
  processes: z.int().nonnegative(),
  cpu_percent: z.number().nonnegative(),
  rss_bytes: z.int().nonnegative(),
});
export type ProcessFigures = z.infer<typeof processFiguresSchema>;

/** A session that works or waits, as its team's registry has it: no title, no prompt, no command line. */
export const runningSessionSchema = processFiguresSchema.extend({
  session_id: z.string(),
  owner_id: z.string(),
  project_id: z.string(),
  project: z.string(),
  branch: z.string(),
  status: z.enum(SESSION_STATUSES),
  turn_id: z.string().nullable(),
  runtime_id: z.string().nullable(),
  last_event: z.object({ seq: z.int(), type: z.enum(EVENT_TYPES), at: z.string() }).nullable(),
  /** When the sandbox last said what runs; null before it did. */
  checked_at: z.string().nullable(),
});
export type RunningSession = z.infer<typeof runningSessionSchema>;
