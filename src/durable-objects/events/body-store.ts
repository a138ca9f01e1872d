// Bodies that are too large for a row: collected in parts, then kept in R2 under their SHA-256, which R2 verifies.
import { MAX_BODY_BYTES } from "../../shared/limits.ts";
import type { BodyPart } from "../../shared/rpc/session-host-api.ts";

export type BodyBucket = Pick<R2Bucket, "put" | "head" | "get">;

/** Every key carries team and session, so that nothing is shared between them. */
export function bodyKey(owner: { team_id: string; session_id: string }, sha256: string): string {
  return `teams/${owner.team_id}/sessions/${owner.session_id}/bodies/${sha256}`;
}

export type BodyStore = {
  /** True once the whole body is stored. Parts come in order; a part out of order begins again from nothing. */
  putPart(part: BodyPart): Promise<boolean>;
  has(sha256: string): Promise<boolean>;
  /** Null when there is no such body. */
  read(sha256: string, range: { offset: number; length: number }): Promise<Uint8Array | null>;
};

export function createBodyStore(bucket: BodyBucket, keyOf: (sha256: string) => string): BodyStore {
  let current: { sha256: string; total: number; parts: Uint8Array[]; received: number } | null = null;

  const has = async (sha256: string): Promise<boolean> => (await bucket.head(keyOf(sha256))) !== null;
  const take = (part: BodyPart): typeof current => {
    if (part.offset === 0) current = { sha256: part.sha256, total: part.total_bytes, parts: [], received: 0 };
    if (current === null || current.sha256 !== part.sha256 || current.received !== part.offset) {
      current = null;
      throw new Error("a part of a body came out of order; send the body again from its beginning");
    }
    current.parts.push(part.bytes);
    current.received += part.bytes.length;
    return current;
  };

  return {
    has,
    async read(sha256, range) {
      const object = await bucket.get(keyOf(sha256), { range });
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
    async putPart(part) {
      if (part.total_bytes > MAX_BODY_BYTES) throw new Error(`a body may have at most ${MAX_BODY_BYTES} bytes`);
      if (part.offset === 0 && (await has(part.sha256))) return true;
      const upload = take(part);
      if (upload === null || upload.received < upload.total) return false;
      current = null;
      await bucket.put(keyOf(upload.sha256), await new Blob(upload.parts).arrayBuffer(), {
        sha256: upload.sha256,
        httpMetadata: { contentType: "application/json" },
      });
      return true;
    },
  };
}
