// The manifest of a large workspace: thousands of chunks, whose hashes cannot be compressed.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createManifestStore } from "../../src/durable-objects/checkpoints/manifest-store.ts";
import { toHex } from "../../src/shared/checkpoints/bytes-text.ts";
import { CHECKPOINT_FORMAT, type Manifest } from "../../src/shared/checkpoints/format.ts";
import { readManifest } from "../../src/worker/checkpoints/reading/manifest-reader.ts";
import { newUuid } from "../support/seed-checkpoint.ts";

const CHUNKS = 6_000;
const randomHash = (): string => toHex(crypto.getRandomValues(new Uint8Array(32)));

it("of a workspace with 768,000 files is written and read back, by the object and at the edge [checkpoints.format]", async () => {
  const pack = randomHash();
  const chunks = Array.from({ length: CHUNKS }, (_, index) => ({
    sha256: randomHash(),
    pack,
    frame_offset: index * 5_000,
    frame_length: 5_000,
    length: 20_000,
    entries: 128,
    first: `cGFja2FnZS${index}`,
  }));
  const counts = { files: CHUNKS * 128, directories: 0, others: 0, bytes: 1, omitted: [], omitted_count: 0 };
  const manifest: Manifest = {
    format: CHECKPOINT_FORMAT,
    checkpoint_id: newUuid(),
    team_id: newUuid(),
    project_id: newUuid(),
    workspace_id: newUuid(),
    parent_id: null,
    created_at: new Date().toISOString(),
    tree: { chunks, packs: [pack], ...counts },
    conversations: [],
  };
  const { team_id, project_id, checkpoint_id } = manifest;
  const manifest_sha256 = await createManifestStore(env.BUCKET).write(manifest);
  const target = { checkpoint_id, project_id, manifest_sha256 };
  expect(await createManifestStore(env.BUCKET).read(team_id, target)).toEqual(manifest);
  expect(await readManifest(env.BUCKET, team_id, target)).toEqual(manifest);
});
