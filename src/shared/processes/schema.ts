// What runs in a sandbox for a session, as the operating system sees it.
import { z } from "zod";

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
