// The workspace that an idempotency key stands for: a repeat of the call finds the branch that the first one made.
import { uuidV5 } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";

/** Fixed for good: another namespace would give repeated calls another branch. */
const NAMESPACE = "berth:idempotent-branch:2d9be0f4";

export type KeyHash = { digest(algorithm: "SHA-1", data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> };

export async function workspaceIdForKey(principal: Principal, key: string, subtle: KeyHash): Promise<string> {
  const name = JSON.stringify([NAMESPACE, principal.team_id, principal.user_id, key]);
  const sha1 = await subtle.digest("SHA-1", Uint8Array.from(new TextEncoder().encode(name)));
  return uuidV5(new Uint8Array(sha1));
}
