// Run tokens: what a sandbox may show at the edge. Each opens one route, for one session and runtime, for 15 minutes.
// Signing and checking the signature is the edge's work (HMAC-SHA-256); this is the content and its reading.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";

export const RUN_TOKEN_ROUTES = ["model", "mcp", "hooks", "packs:write", "packs:read"] as const;
export type RunTokenRoute = (typeof RUN_TOKEN_ROUTES)[number];

const common = {
  version: z.literal(1),
  team_id: uuidSchema,
  runtime_id: uuidSchema,
  /** Seconds since 1970. */
  expires_at: z.int().positive(),
};
/** One operation of one workspace. */
const operation = { project_id: uuidSchema, workspace_id: uuidSchema, operation_id: uuidSchema };

export const runTokenClaimsSchema = z.discriminatedUnion("route", [
  z.object({ ...common, route: z.literal("model"), session_id: uuidSchema }),
  /** Remote MCP servers of the session, through the Worker. */
  z.object({ ...common, route: z.literal("mcp"), session_id: uuidSchema }),
  /** HTTP hooks of the session, sent by the Worker. */
  z.object({ ...common, route: z.literal("hooks"), session_id: uuidSchema }),
  z.object({ ...common, ...operation, route: z.literal("packs:write") }),
  /** Packs that the operation's checkpoints name, and nothing else: the Workspace object is asked which. */
  z.object({ ...common, ...operation, route: z.literal("packs:read") }),
]);
export type RunTokenClaims = z.infer<typeof runTokenClaimsSchema>;
export type RunTokenClaimsOf<Route extends RunTokenRoute> = Extract<RunTokenClaims, { route: Route }>;

export type RunTokenRefusal = "malformed" | "wrong_route" | "expired";

/** Reads claims whose signature already holds. */
export function readRunTokenClaims<Route extends RunTokenRoute>(
  value: unknown,
  route: Route,
  nowMs: number,
): { ok: true; claims: RunTokenClaimsOf<Route> } | { ok: false; reason: RunTokenRefusal } {
  const parsed = runTokenClaimsSchema.safeParse(value);
  if (!parsed.success) return { ok: false, reason: "malformed" };
  const claims = parsed.data;
  if (!isOf(claims, route)) return { ok: false, reason: "wrong_route" };
  if (claims.expires_at * 1000 <= nowMs) return { ok: false, reason: "expired" };
  return { ok: true, claims };
}

function isOf<Route extends RunTokenRoute>(claims: RunTokenClaims, route: Route): claims is RunTokenClaimsOf<Route> {
  return claims.route === route;
}
