// An HTTP hook on its way: the runner asks the edge to send it, which alone may reach addresses that people entered.
import { z } from "zod";

export const MAX_HOOK_BODY_BYTES = 1024 * 1024;
/** Of the answer; what a hook may say is shorter. */
export const MAX_HOOK_ANSWER_BYTES = 64 * 1024;

export const hookRequestSchema = z.object({
  /** One of the addresses of the session's own hooks: nothing is sent to any other. */
  url: z.string().max(2_048),
  headers: z.record(z.string().max(100), z.string().max(2_000)),
  /** The event as JSON. */
  body: z.string().max(MAX_HOOK_BODY_BYTES),
  timeout_ms: z.int().positive(),
});
export type HookRequest = z.infer<typeof hookRequestSchema>;

export const hookResponseSchema = z.object({
  /** Null where no answer came. */
  status: z.int().nullable(),
  body: z.string(),
  /** Why none came, in words of ours. */
  failure: z.string().max(500).nullable(),
});
export type HookResponse = z.infer<typeof hookResponseSchema>;
