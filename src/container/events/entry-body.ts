// Large messages: the whole goes to the object in parts first, the entry carries a shortened copy that names it.
import { createHash } from "node:crypto";
import { shortenToFit } from "../../shared/events/shorten.ts";
import { MAX_BODY_BYTES, MAX_BODY_PART_BYTES } from "../../shared/limits.ts";
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import type { BodyPart } from "../../shared/rpc/session-host-api.ts";

/** A message from this size on is sent shortened: with its envelope it has to stay below the limit of a row. */
export const LARGE_ENTRY_BYTES = 200 * 1024;
const SHORTENED_BYTES = 128 * 1024;

type PutPart = (part: BodyPart) => PromiseLike<{ stored: boolean }>;

/** The entry as it is sent. A large message's body has been stored when this resolves. */
export async function storeLargeBody(entry: RunnerEntry, runtimeId: string, putPart: PutPart): Promise<RunnerEntry> {
  if (entry.kind !== "message") return entry;
  const body = Buffer.from(JSON.stringify(entry.message));
  const message = shortenToFit(entry.message, SHORTENED_BYTES);
  if (body.length > MAX_BODY_BYTES) return { ...entry, message };
  const sha256 = createHash("sha256").update(body).digest("hex");
  for (let offset = 0; offset < body.length; offset += MAX_BODY_PART_BYTES) {
    const bytes = body.subarray(offset, offset + MAX_BODY_PART_BYTES);
    const { stored } = await putPart({ runtime_id: runtimeId, sha256, total_bytes: body.length, offset, bytes });
    if (stored) return { ...entry, message, body: { sha256, bytes: body.length } };
  }
  throw new Error("The object took all parts of a body and did not store it");
}
