// Reads from a message of Claude Code that it waits for the model's API, and says so in words of ours.
import { z } from "zod";
import { isMessageOf } from "../events/message-kind.ts";

const retrySchema = z.object({
  type: z.literal("system"),
  subtype: z.literal("api_retry"),
  attempt: z.int().nonnegative(),
  max_retries: z.int().nonnegative(),
  retry_delay_ms: z.number().nonnegative(),
  error_status: z.int().nullish(),
});

export type ModelRetry = {
  /** Counts from 1. */
  attempt: number;
  max_attempts: number;
  wait_ms: number;
  /** The API's answer; null when there was none. */
  http_status: number | null;
  message: string;
};

/** Null for any other message, and for one of a shape that we do not know: the message itself is stored anyway. */
export function readModelRetry(message: unknown): ModelRetry | null {
  if (!isMessageOf(message, "system", "api_retry")) return null;
  const parsed = retrySchema.safeParse(message);
  if (!parsed.success) return null;
  const { attempt, max_retries: max_attempts, retry_delay_ms: wait_ms, error_status } = parsed.data;
  const http_status = error_status ?? null;
  const seconds = Math.max(1, Math.round(wait_ms / 1000));
  const message_text = `${explain(http_status)} Claude Code tries again in ${seconds} s (${attempt} of ${max_attempts}).`;
  return { attempt, max_attempts, wait_ms, http_status, message: message_text };
}

function explain(status: number | null): string {
  if (status === null) return "The model's API did not answer.";
  if (status === 429) return "The model's API says that its rate limit is reached (429).";
  if (status === 529) return "The model's API is overloaded (529).";
  return `The model's API answered with an error (${status}).`;
}
