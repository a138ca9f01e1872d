// Run tokens: what a sandbox may show at the edge. Each opens one route, for one session and runtime, for 15 minutes.
// Signing and checking the signature is the edge's work (HMAC-SHA-256); this is the content and its reading.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";

export const RUN_TOKEN_ROUTES = ["model"] as const;
export type RunTokenRoute = (typeof RUN_TOKEN_ROUTES)[number];

export const runTokenClaimsSchema = z.object({
  version: z.literal(1),
  route: z.enum(RUN_TOKEN_ROUTES),
  team_id: uuidSchema,
  session_id: uuidSchema,
  runtime_id: uuidSchema,
  /** Seconds since 1970. */
  expires_at: z.int().positive(),
});
export type RunTokenClaims = z.infer<typeof runTokenClaimsSchema>;

export type RunTokenRefusal = "malformed" | "wrong_route" | "expired";

/** Reads claims whose signature already holds. */
export function readRunTokenClaims(
  value: unknown,
  route: RunTokenRoute,
  nowMs: number,
): { ok: true; claims: RunTokenClaims } | { ok: false; reason: RunTokenRefusal } {
  const parsed = runTokenClaimsSchema.safeParse(value);
  if (!parsed.success) return { ok: false, reason: "malformed" };
  if (parsed.data.route !== route) return { ok: false, reason: "wrong_route" };
  if (parsed.data.expires_at * 1000 <= nowMs) return { ok: false, reason: "expired" };
  return { ok: true, claims: parsed.data };
}
