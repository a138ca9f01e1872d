// The session that an idempotency key stands for: a repeat of the call reaches the same Session object.
import { uuidV5 } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";

/** Random, fixed for good: another namespace would give repeated calls another session. */
const NAMESPACE = "berth:idempotent-session:6f0d3c1e";

export type Sha1 = { digest(algorithm: "SHA-1", data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> };

export async function sessionIdForKey(principal: Principal, idempotencyKey: string, subtle: Sha1): Promise<string> {
  const name = JSON.stringify([NAMESPACE, principal.team_id, principal.user_id, idempotencyKey]);
  const sha1 = await subtle.digest("SHA-1", Uint8Array.from(new TextEncoder().encode(name)));
  return uuidV5(new Uint8Array(sha1));
}
