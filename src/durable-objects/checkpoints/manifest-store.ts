// Manifests in the bucket: written under their SHA-256, which R2 verifies, and read back with the same suspicion.
import { isReadableFormat, manifestSchema, type Manifest } from "../../shared/checkpoints/format.ts";
import { manifestKey, packKey } from "../../shared/checkpoints/checkpoint-keys.ts";
import { toHex } from "../../shared/checkpoints/bytes-text.ts";
import type { CheckpointTarget } from "../../shared/checkpoints/schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { compress, decompress } from "../archive/zstd.ts";

export type CheckpointBucket = Pick<R2Bucket, "put" | "get" | "head">;

/** Looks at so many packs at the same time. */
const HEADS_AT_ONCE = 6;

export type ManifestStore = {
  /** Gives the SHA-256 under which it lies. */
  write(manifest: Manifest): Promise<string>;
  read(teamId: string, target: CheckpointTarget): Promise<Manifest>;
  /** Of those packs, the first that this project did not store. */
  findMissing(owner: { team_id: string; project_id: string }, packs: readonly string[]): Promise<string | null>;
};

export function createManifestStore(bucket: CheckpointBucket): ManifestStore {
  /** The head's is asked for with every checkpoint. */
  let last: { sha256: string; manifest: Manifest } | null = null;

  return {
    async write(manifest) {
      const bytes = compress(JSON.stringify(manifest));
      const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
      await bucket.put(manifestKey(manifest, sha256), bytes, {
        sha256,
        httpMetadata: { contentType: "application/zstd" },
      });
      last = { sha256, manifest };
      return sha256;
    },
    async read(teamId, target) {
      if (last?.sha256 !== target.manifest_sha256) {
        const manifest = await readManifest(bucket, teamId, target);
        last = { sha256: target.manifest_sha256, manifest };
      }
      return refuseForeign(last.manifest, teamId, target);
    },
    async findMissing({ team_id, project_id }, packs) {
      for (let first = 0; first < packs.length; first += HEADS_AT_ONCE) {
        const some = packs.slice(first, first + HEADS_AT_ONCE);
        const found = await Promise.all(some.map((sha256) => bucket.head(packKey(team_id, sha256))));
        const missing = found.findIndex((pack) => pack?.customMetadata?.["project_id"] !== project_id);
        if (missing !== -1) return some[missing] ?? null;
      }
      return null;
    },
  };
}

async function readManifest(bucket: CheckpointBucket, teamId: string, target: CheckpointTarget): Promise<Manifest> {
  const key = manifestKey({ team_id: teamId, project_id: target.project_id }, target.manifest_sha256);
  const object = await bucket.get(key);
  if (object === null) throw damaged(target);
  const bytes = new Uint8Array(await object.arrayBuffer());
  if (toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))) !== target.manifest_sha256)
    throw damaged(target);
  return parse(bytes, target);
}

function parse(bytes: Uint8Array, target: CheckpointTarget): Manifest {
  let content: unknown;
  try {
    content = JSON.parse(decompress(bytes));
  } catch {
    throw damaged(target);
  }
  const format = typeof content === "object" && content !== null ? Reflect.get(content, "format") : null;
  if (typeof format === "number" && !isReadableFormat(format)) {
    const message = `The checkpoint ${target.checkpoint_id} is of format ${format}, which this version of Berth does not read.`;
    throw new AppError("checkpoint_format_unsupported", message);
  }
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) throw damaged(target);
  return parsed.data;
}

function refuseForeign(manifest: Manifest, teamId: string, target: CheckpointTarget): Manifest {
  if (manifest.team_id !== teamId) throw new AppError("checkpoint_not_found", "There is no such checkpoint.");
  if (manifest.checkpoint_id !== target.checkpoint_id || manifest.project_id !== target.project_id)
    throw damaged(target);
  return manifest;
}

function damaged({ checkpoint_id }: CheckpointTarget): AppError {
  const message = `The manifest of the checkpoint ${checkpoint_id} is missing or damaged. Nothing was changed. Restore another checkpoint; list_checkpoints shows them.`;
  return new AppError("checkpoint_damaged", message);
}
