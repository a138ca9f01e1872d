// What is told of one hook that ran: the data of a `hook_executed` event, and what test_hook answers.
import { z } from "zod";
import { HOOK_EVENT_NAMES } from "./hook-events.ts";
import { HOOK_OUTCOMES } from "./hook-output.ts";

/** Of each of its two outputs; the whole is nobody's to keep. */
export const MAX_SHOWN_OUTPUT_CHARS = 2_000;
const MAX_SHOWN_HOOK_CHARS = 300;

export const hookResultSchema = z.object({
  event: z.enum(HOOK_EVENT_NAMES),
  type: z.enum(["command", "http"]),
  /** The command's or the URL's beginning; of a URL its host alone, since the rest may be a secret. */
  hook: z.string().max(MAX_SHOWN_HOOK_CHARS),
  status_message: z.string().max(200).nullable(),
  tool_name: z.string().max(256).nullable(),
  tool_use_id: z.string().max(256).nullable(),
  outcome: z.enum(HOOK_OUTCOMES),
  blocked: z.boolean(),
  reason: z.string().max(MAX_SHOWN_OUTPUT_CHARS).nullable(),
  exit_code: z.int().nullable(),
  http_status: z.int().nullable(),
  timed_out: z.boolean(),
  duration_ms: z.int().nonnegative(),
  stdout: z.string().max(MAX_SHOWN_OUTPUT_CHARS),
  stderr: z.string().max(MAX_SHOWN_OUTPUT_CHARS),
  /** What of its answer did not count, since a hook cannot permit. */
  ignored: z.array(z.string().max(200)).max(10),
});
export type HookResult = z.infer<typeof hookResultSchema>;

export function shownHook(hook: { type: "command"; command: string } | { type: "http"; url: string }): string {
  if (hook.type === "command") return hook.command.slice(0, MAX_SHOWN_HOOK_CHARS);
  const url = URL.parse(hook.url);
  return url === null ? "" : `${url.origin}/${url.pathname === "/" ? "" : "…"}`.slice(0, MAX_SHOWN_HOOK_CHARS);
}
