// A runner that keeps its files in memory and its packs in the bucket, in the real format, and stops where the test says.
import { RpcTarget } from "capnweb";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteWriter } from "../../src/shared/checkpoints/byte-io.ts";
import { fromBase64Url, fromHex, toBase64Url, toHex } from "../../src/shared/checkpoints/bytes-text.ts";
import { packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import { readEntries, writeEntry } from "../../src/shared/checkpoints/entry-codec.ts";
import type { BlobRef, Entry, FileEntry, ListChunk, Tree } from "../../src/shared/checkpoints/format.ts";
import { encodePackIndex } from "../../src/shared/checkpoints/pack-format.ts";
import { comparePaths } from "../../src/shared/checkpoints/path-bytes.ts";
import { readRunTokenClaims } from "../../src/shared/tokens/run-token.ts";
import { verifyRunToken } from "../../src/shared/tokens/run-token-signature.ts";
import type { Answer } from "../../src/shared/errors/app-error.ts";
import type {
  CheckpointHostApi,
  RestoredTree,
  RestoreTree,
  TakeCheckpoint,
  TakenTree,
} from "../../src/shared/rpc/runner-checkpoint-api.ts";
import type { PackQuestion } from "../../src/shared/rpc/workspace-api.ts";

export type RunnerStep = "take" | "captured" | "packs" | "taken" | "restore" | "restored";

export type RunnerWorld = {
  identity: { team_id: string; project_id: string; workspace_id: string };
  bucket: R2Bucket;
  secret: string;
  /** The sandbox's disk: text by path. */
  disk: Map<string, string>;
  /** Called at each step; may throw, or never come back. */
  onStep(step: RunnerStep): Promise<void> | void;
  mayUsePacks(question: PackQuestion): boolean;
  /** Everything that was asked of the runner. */
  asked: { takes: TakeCheckpoint[]; restores: RestoreTree[]; bundles: number };
  /** Says that it stored a pack that it did not. */
  losesPacks: boolean;
  changed: boolean;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sha = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));

export class CheckpointRunner extends RpcTarget {
  readonly world: RunnerWorld;
  constructor(world: RunnerWorld) {
    super();
    this.world = world;
  }

  async takeCheckpoint(request: TakeCheckpoint, host: CheckpointHostApi): Promise<Answer<TakenTree>> {
    const { world } = this;
    world.asked.takes.push(request);
    await world.onStep("take");
    await host.progress({ phase: "scanning", files: world.disk.size, files_total: null, bytes: 0, bytes_total: null });
    const disk = new Map(world.disk);
    const parent = request.parent === null ? [] : await readTree(world, request.parent);
    const known = new Map(
      parent.flatMap(({ entry }) => entry.blobs.map((blob) => [toHex(blob.sha256), blob] as const)),
    );
    await host.captured();
    await world.onStep("captured");
    const token = await readToken(world, request.tokens.write?.token, "packs:write");
    const stored: TakenTree["stored"] = [];
    const put = async (pack: Uint8Array<ArrayBuffer>): Promise<string> => {
      const sha256 = toHex(await sha(pack));
      if (!world.mayUsePacks({ ...token, read_pack: null })) throw new Error("the edge refuses this pack");
      const { project_id, team_id } = world.identity;
      if (!world.losesPacks)
        await world.bucket.put(packKey(team_id, sha256), pack, { sha256, customMetadata: { project_id } });
      stored.push({ sha256, bytes: pack.length });
      return sha256;
    };
    const entries = await packFiles(disk, known, put);
    const tree = await packList(entries, { parent: request.parent, put });
    await world.onStep("packs");
    const before = new Map(parent.map(({ path, text }) => [path, text]));
    const changes = countChanges(before, disk);
    await world.onStep("taken");
    const unchanged = request.parent !== null && changes.added + changes.changed + changes.removed === 0;
    const bytes_read = tree.bytes;
    return {
      ok: true,
      value: { tree, unchanged, changes, stored, unstable_files: 0, files_read: disk.size, bytes_read },
    };
  }

  async restoreTree(request: RestoreTree, host: CheckpointHostApi): Promise<Answer<RestoredTree>> {
    const { world } = this;
    world.asked.restores.push(request);
    await world.onStep("restore");
    await host.progress({ phase: "writing", files: 0, files_total: null, bytes: 0, bytes_total: null });
    const token = await readToken(world, request.tokens.read?.token, "packs:read");
    for (const pack of request.tree.packs)
      if (!world.mayUsePacks({ ...token, read_pack: pack })) throw new Error("the edge refuses this pack");
    const wanted = request.paths?.map((path) => decoder.decode(fromBase64Url(path))) ?? null;
    const isWanted = (path: string) =>
      wanted === null || wanted.some((one) => path === one || path.startsWith(`${one}/`));
    const files = (await readTree(world, request.tree)).filter(({ path }) => isWanted(path));
    const after = new Map(files.map(({ path, text }) => [path, text]));
    const before = new Map([...world.disk].filter(([path]) => isWanted(path)));
    const { added: write, changed: change, removed } = countChanges(before, after);
    const counts = { write, change, touch: 0, delete: removed, bytes_to_write: 0, bytes_to_fetch: 0 };
    const plan = { ...counts, items: [], items_left_out: 0 };
    if (request.dry_run) return { ok: true, value: { plan, applied: false } };
    const [first] = after;
    if (first !== undefined) world.disk.set(...first);
    await world.onStep("restored");
    for (const [path, text] of after) world.disk.set(path, text);
    for (const path of before.keys()) if (!after.has(path)) world.disk.delete(path);
    return { ok: true, value: { plan, applied: true } };
  }

  async makeBundle() {
    this.world.asked.bundles += 1;
    return { ok: true, value: { bytes: 7 } };
  }
  async isChangedSince(tree: Tree): Promise<boolean> {
    const files = await readTree(this.world, tree);
    const { added, changed, removed } = countChanges(
      new Map(files.map(({ path, text }) => [path, text])),
      this.world.disk,
    );
    return added + changed + removed > 0;
  }
  async isWorkspaceChanged(): Promise<boolean> {
    return this.world.disk.size > 0;
  }
  async cloneRepository() {
    this.world.disk.set("cloned", "from git");
    return { ok: true, value: { commit: "c0ffee" } };
  }
}

type Put = (pack: Uint8Array<ArrayBuffer>) => Promise<string>;

async function packFiles(disk: Map<string, string>, known: Map<string, BlobRef>, put: Put): Promise<FileEntry[]> {
  const blobs = new Map<string, BlobRef>();
  for (const text of disk.values()) {
    if (text === "") continue;
    const bytes = encoder.encode(text);
    const hash = await sha(bytes);
    const blob = known.get(toHex(hash)) ?? blobs.get(toHex(hash)) ?? (await packOne(bytes, hash, put));
    blobs.set(toHex(hash), blob);
  }
  const entries = [...disk].map(async ([path, text]): Promise<FileEntry> => {
    const bytes = encoder.encode(text);
    const blob = text === "" ? undefined : blobs.get(toHex(await sha(bytes)));
    const file = { type: "file", size: bytes.length, sparse: false, hardLinkOf: null } as const;
    return { ...file, path: encoder.encode(path), mode: 0o644, mtimeUs: 0, blobs: blob === undefined ? [] : [blob] };
  });
  return (await Promise.all(entries)).sort((left, right) => comparePaths(left.path, right.path));
}

async function packOne(bytes: Uint8Array, sha256: Uint8Array, put: Put): Promise<BlobRef> {
  const { pack, frameLength } = framePack(bytes, sha256);
  return { sha256, pack: fromHex(await put(pack)), frameOffset: 0, frameLength, inner: 0, length: bytes.length };
}

function framePack(bytes: Uint8Array, sha256: Uint8Array): { pack: Uint8Array<ArrayBuffer>; frameLength: number } {
  const frame = Uint8Array.from(zstdCompressSync(bytes));
  const index = encodePackIndex([
    { offset: 0, length: frame.length, blobs: [{ sha256, inner: 0, length: bytes.length }] },
  ]);
  const pack = new Uint8Array(frame.length + index.length);
  pack.set(frame);
  pack.set(index, frame.length);
  return { pack, frameLength: frame.length };
}

async function packList(entries: Entry[], { parent, put }: { parent: Tree | null; put: Put }): Promise<Tree> {
  const files = entries.filter((entry) => entry.type === "file");
  const counts = {
    files: files.length,
    directories: 0,
    others: 0,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  };
  const base = { ...counts, omitted: [], omitted_count: 0 };
  if (entries.length === 0) return { ...base, chunks: [], packs: [] };
  const writer = new ByteWriter();
  for (const entry of entries) writeEntry(writer, entry);
  const list = writer.take();
  const hash = await sha(list);
  const same = parent?.chunks.find(({ sha256 }) => sha256 === toHex(hash));
  const chunk = same ?? (await packChunk(list, { hash, put, entries }));
  const packs = new Set([chunk.pack, ...files.flatMap(({ blobs }) => blobs.map(({ pack }) => toHex(pack)))]);
  return { ...base, chunks: [chunk], packs: [...packs].sort() };
}

async function packChunk(
  list: Uint8Array,
  { hash, put, entries }: { hash: Uint8Array; put: Put; entries: Entry[] },
): Promise<ListChunk> {
  const { pack, frameLength } = framePack(list, hash);
  const first = toBase64Url(entries[0]?.path ?? new Uint8Array());
  const place = { pack: await put(pack), frame_offset: 0, frame_length: frameLength };
  return { sha256: toHex(hash), ...place, length: list.length, entries: entries.length, first };
}

/** The files that a tree names, read from the bucket. */
export async function readTree(
  { bucket, identity }: Pick<RunnerWorld, "bucket" | "identity">,
  tree: Tree,
): Promise<{ path: string; text: string; entry: FileEntry }[]> {
  const fetchFrame = async (pack: string, offset: number, length: number): Promise<Uint8Array> => {
    const object = await bucket.get(packKey(identity.team_id, pack), { range: { offset, length } });
    if (object === null) throw new Error(`the pack ${pack} is missing`);
    return zstdDecompressSync(new Uint8Array(await object.arrayBuffer()));
  };
  const files = [];
  for (const chunk of tree.chunks) {
    for (const entry of readEntries(await fetchFrame(chunk.pack, chunk.frame_offset, chunk.frame_length))) {
      if (entry.type !== "file") continue;
      let text = "";
      for (const blob of entry.blobs)
        text += decoder.decode(await fetchFrame(toHex(blob.pack), blob.frameOffset, blob.frameLength));
      files.push({ path: decoder.decode(entry.path), text, entry });
    }
  }
  return files;
}

function countChanges(before: Map<string, string>, after: Map<string, string>) {
  const added = [...after.keys()].filter((path) => !before.has(path)).length;
  const removed = [...before.keys()].filter((path) => !after.has(path)).length;
  const changed = [...after].filter(([path, text]) => before.has(path) && before.get(path) !== text).length;
  return { added, changed, removed };
}

async function readToken(world: RunnerWorld, token: string | undefined, route: "packs:write" | "packs:read") {
  if (token === undefined) throw new Error(`no token for ${route}`);
  const read = readRunTokenClaims(await verifyRunToken(token, world.secret, crypto.subtle), route, Date.now());
  if (!read.ok) throw new Error(`the token is ${read.reason}`);
  const { team_id, runtime_id, operation_id } = read.claims;
  return { team_id, runtime_id, operation_id };
}
