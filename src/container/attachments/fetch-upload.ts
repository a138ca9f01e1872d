// Fetches an upload's bytes from the object, in parts, and makes sure that they are the ones that the turn names.
import { createHash } from "node:crypto";
import type { UploadReference } from "../../shared/attachments/schema.ts";
import { MAX_BODY_PART_BYTES } from "../../shared/limits.ts";
import type { AttachmentRead } from "../../shared/rpc/session-host-api.ts";
import { AttachmentError } from "./attachment-error.ts";

/** Reads one part; null when the upload is gone. */
export type ReadPart = (read: Pick<AttachmentRead, "upload_id" | "offset" | "bytes">) => Promise<Uint8Array | null>;

export async function fetchUpload(upload: UploadReference, readPart: ReadPart): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < upload.bytes; offset += MAX_BODY_PART_BYTES) {
    const bytes = Math.min(MAX_BODY_PART_BYTES, upload.bytes - offset);
    const part = await readPart({ upload_id: upload.upload_id, offset, bytes });
    if (part === null) throw new AttachmentError("upload_gone");
    parts.push(part);
  }
  const whole = Buffer.concat(parts);
  const sha256 = createHash("sha256").update(whole).digest("hex");
  if (sha256 !== upload.sha256) throw new AttachmentError("not_fetched");
  return whole;
}
