// Puts a conversation's files back into a sandbox that does not hold them, before the CLI resumes it.
import { createHash } from "node:crypto";
import { chown, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { MAX_BODY_PART_BYTES } from "../../shared/limits.ts";
import type { BodyRead } from "../../shared/rpc/session-host-api.ts";
import {
  type TranscriptFile,
  type TranscriptManifest,
  transcriptManifestSchema,
} from "../../shared/transcripts/schema.ts";
import type { CliUser } from "../config.ts";

export type RestoreParts = {
  configDir: string;
  folder: string;
  user: CliUser;
  runtimeId: string;
  readBody(read: BodyRead): Promise<{ bytes: Uint8Array }>;
};

/** Writes every file beside its place and renames it, so that a cut leaves nothing half-written in place. */
export async function restoreTranscript(parts: RestoreParts, manifest: TranscriptManifest): Promise<void> {
  for (const file of transcriptManifestSchema.parse(manifest).files) {
    const target = join(parts.folder, file.path);
    await makeFolders(parts, dirname(target));
    const content = Buffer.concat(await Promise.all(file.segments.map((segment) => fetchSegment(parts, segment))));
    await writeFile(`${target}.restoring`, content, { mode: 0o600 });
    if (parts.user !== null) await chown(`${target}.restoring`, parts.user.uid, parts.user.gid);
    await rename(`${target}.restoring`, target);
  }
}

async function fetchSegment(parts: RestoreParts, segment: TranscriptFile["segments"][number]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < segment.bytes; offset += MAX_BODY_PART_BYTES) {
    const bytes = Math.min(MAX_BODY_PART_BYTES, segment.bytes - offset);
    const read = { runtime_id: parts.runtimeId, sha256: segment.sha256, offset, bytes };
    pieces.push((await parts.readBody(read)).bytes);
  }
  const content = Buffer.concat(pieces);
  const sha256 = createHash("sha256").update(content).digest("hex");
  if (sha256 !== segment.sha256) throw new Error("a piece of the transcript is not what its name says");
  return content;
}

/** Each folder below the CLI's own belongs to the CLI. */
async function makeFolders({ configDir, user }: RestoreParts, folder: string): Promise<void> {
  let path = configDir;
  for (const name of relative(configDir, folder).split("/")) {
    path = join(path, name);
    await mkdir(path, { mode: 0o700 }).catch(ignoreExisting);
    if (user !== null) await chown(path, user.uid, user.gid);
  }
}

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
}
