// Issues run tokens for the sandbox: one route, one session, one runtime, 15 minutes.
import { RUN_TOKEN_TTL_SECONDS } from "../shared/limits.ts";
import type { RunTokenGrant } from "../shared/rpc/session-host-api.ts";
import { signRunToken } from "../shared/tokens/run-token-signature.ts";
import type { Clock } from "./clock.ts";

/** The routes that are opened for a session as a whole. */
export type SessionTokenRoute = "model" | "mcp" | "hooks";

export async function issueSessionToken(
  route: SessionTokenRoute,
  owner: { team_id: string; session_id: string; runtime_id: string },
  secret: string,
  clock: Clock,
): Promise<RunTokenGrant> {
  const expires_at = Math.floor(clock.nowMs() / 1000) + RUN_TOKEN_TTL_SECONDS;
  const { team_id, session_id, runtime_id } = owner;
  const claims = { version: 1, route, team_id, session_id, runtime_id, expires_at } as const;
  return { token: await signRunToken(claims, secret, crypto.subtle), expires_at };
}
