// Reads a checkpoint's manifest from R2: under its SHA-256, of a known format, and of exactly this checkpoint.
import { manifestKey } from "../../../shared/checkpoints/checkpoint-keys.ts";
import { isReadableFormat, type Manifest, manifestSchema } from "../../../shared/checkpoints/format.ts";
import type { CheckpointTarget } from "../../../shared/checkpoints/schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { damaged } from "./damage.ts";
import type { ReadingBucket } from "./pack-reader.ts";
import { sha256Hex } from "./sha256.ts";
import { decompressFrames } from "./zstd.ts";

/** A list of the most chunks that a tree may have is well below this. */
const MAX_MANIFEST_BYTES = 40 * 1024 * 1024;

export async function readManifest(bucket: ReadingBucket, teamId: string, target: CheckpointTarget): Promise<Manifest> {
  const key = manifestKey({ team_id: teamId, project_id: target.project_id }, target.manifest_sha256);
  const object = await bucket.get(key);
  if (object === null) throw damaged("its manifest is missing");
  const bytes = new Uint8Array(await object.arrayBuffer());
  if ((await sha256Hex(bytes)) !== target.manifest_sha256) throw damaged("its manifest is not what its SHA-256 says");
  const manifest = parseManifest(bytes);
  const isOwn =
    manifest.team_id === teamId &&
    manifest.project_id === target.project_id &&
    manifest.checkpoint_id === target.checkpoint_id;
  if (!isOwn) throw damaged("its manifest is another checkpoint's");
  return manifest;
}

function parseManifest(bytes: Uint8Array): Manifest {
  const value = readJson(bytes);
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "number" && !isReadableFormat(format)) {
    const message = `The checkpoint is of format ${format}, which this version does not read. Update Berth.`;
    throw new AppError("checkpoint_format_unsupported", message);
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw damaged("its manifest is not complete");
  return parsed.data;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(decompressFrames(bytes, MAX_MANIFEST_BYTES)));
  } catch (cause) {
    throw damaged("its manifest cannot be read", cause);
  }
}
