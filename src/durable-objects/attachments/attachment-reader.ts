// Gives the runner the bytes of an upload that an open turn of its own runtime names, and of no other.
import { uploadPrefix } from "../../shared/attachments/schema.ts";
import type { AttachmentRead } from "../../shared/rpc/session-host-api.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns"> & { bucket: Pick<R2Bucket, "get"> };

export type AttachmentReader = {
  /** Null when the upload is not there any more. */
  read(request: AttachmentRead): Promise<Uint8Array | null>;
};

export function createAttachmentReader({ sessions, turns, bucket }: Parts): AttachmentReader {
  return {
    async read({ runtime_id, turn_id, upload_id, offset, bytes }) {
      const turn = turns.get(turn_id);
      if (sessions.get().runtime_id !== runtime_id || turn === null || turn.ended_at !== null) {
        throw new Error("this turn is not the runtime's");
      }
      const upload = (turn.options.attachments ?? []).find(
        (file) => "upload_id" in file && file.upload_id === upload_id,
      );
      if (upload === undefined || !("sha256" in upload)) throw new Error("the turn names no such upload");
      const key = uploadPrefix(sessions.get(), upload_id) + upload.sha256;
      const object = await bucket.get(key, { range: { offset, length: bytes } });
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
  };
}
