// How the Worker hands a watcher to the Session object: one fetch, whose header says who watches and from where on.
import { z } from "zod";
import { principalSchema } from "../teams/principal.ts";

/** Carries a WatchRequest as JSON. Only the Worker can reach an object, and it writes the header itself. */
export const WATCH_HEADER = "x-berth-watch";

export const watchRequestSchema = z.object({
  principal: principalSchema,
  /** The newest event that the watcher has; 0 for none. */
  after_cursor: z.int().nonnegative(),
  /** Whether the watcher may answer what the session asks a person. A ticket never lets anybody. */
  may_answer: z.boolean(),
});
export type WatchRequest = z.infer<typeof watchRequestSchema>;

/** 32 random bytes in base64url. */
export const watchTicketSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** `expires_at` is ISO 8601. */
export type WatchTicket = { ticket: string; expires_at: string };
