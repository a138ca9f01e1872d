// The session that an idempotency key stands for: a repeat of the call reaches the same Session object.
import { uuidV5 } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";

/** Random, fixed for good: another namespace would give repeated calls another session. */
const NAMESPACE = "berth:idempotent-session:6f0d3c1e";
const CONVERSATION_NAMESPACE = "berth:conversation:b41c09a7";

export type Sha1 = { digest(algorithm: "SHA-1", data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> };

/** A conversation as a client names it, so that it finds the session again without remembering its id. */
export type SessionKey = { conversation: string; agent?: string | undefined };

export function sessionIdForKey(principal: Principal, idempotencyKey: string, subtle: Sha1): Promise<string> {
  return hashToId([NAMESPACE, principal.team_id, principal.user_id, idempotencyKey], subtle);
}

export function sessionIdForConversation(principal: Principal, key: SessionKey, subtle: Sha1): Promise<string> {
  const { team_id, user_id } = principal;
  return hashToId([CONVERSATION_NAMESPACE, team_id, user_id, key.conversation, key.agent ?? null], subtle);
}

/** As JSON, so that no two lists of names make the same text. */
async function hashToId(names: (string | null)[], subtle: Sha1): Promise<string> {
  const name = JSON.stringify(names);
  const sha1 = await subtle.digest("SHA-1", Uint8Array.from(new TextEncoder().encode(name)));
  return uuidV5(new Uint8Array(sha1));
}
