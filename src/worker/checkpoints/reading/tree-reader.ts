// A checkpoint's tree as it is read: its entry list by the chunk, one entry by its path, and files' contents.
import { fromBase64Url, fromHex } from "../../../shared/checkpoints/bytes-text.ts";
import { readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import type { Entry, FileEntry, ListChunk, Manifest, Tree } from "../../../shared/checkpoints/format.ts";
import { nameOwnPack } from "../../../shared/checkpoints/own-pack.ts";
import { comparePaths } from "../../../shared/checkpoints/path-bytes.ts";
import { type BlobReader, createBlobReader } from "./blob-reader.ts";
import { damaged, shortHash } from "./damage.ts";
import { createPackReader, type PackReader, type ReadingBucket } from "./pack-reader.ts";
import { sha256Hex } from "./sha256.ts";

export type TreeReader = {
  tree: Tree;
  packs: PackReader;
  blobs: BlobReader;
  /** The entries of that chunk, in order. */
  chunk(index: number): Promise<Entry[]>;
  /** Everything from that chunk on. */
  entries(fromChunk?: number): AsyncGenerator<Entry, void, void>;
  find(path: Uint8Array): Promise<Entry | null>;
  /** A file's content, piece by piece; each is good until the next is asked for. */
  content(file: FileEntry, fromBlob?: number): AsyncGenerator<Uint8Array, void, void>;
};

/** `ahead`: whole files or lists will be read, not one piece here and there. */
export function createTreeReader(bucket: ReadingBucket, manifest: Manifest, ahead: boolean): TreeReader {
  const { tree } = manifest;
  const packs = createPackReader(bucket, manifest.team_id, ahead);
  const blobs = createBlobReader(packs, new Set(tree.packs));
  async function chunk(index: number): Promise<Entry[]> {
    const listed = tree.chunks[index];
    return listed === undefined ? [] : readChunk(blobs, listed);
  }
  return {
    tree,
    packs,
    blobs,
    chunk,
    async *entries(fromChunk = 0) {
      for (let index = fromChunk; index < tree.chunks.length; index++) yield* await chunk(index);
    },
    async find(path) {
      const entries = await chunk(findChunk(tree.chunks, path));
      return entries.find((entry) => comparePaths(entry.path, path) === 0) ?? null;
    },
    async *content(file, fromBlob = 0) {
      for (const blob of file.blobs.slice(fromBlob)) yield await blobs.read(blob);
    },
  };
}

async function readChunk(blobs: BlobReader, chunk: ListChunk): Promise<Entry[]> {
  const ref = {
    sha256: fromHex(chunk.stored_sha256 ?? chunk.sha256),
    pack: fromHex(chunk.pack),
    frameOffset: chunk.frame_offset,
    frameLength: chunk.frame_length,
    inner: 0,
    length: chunk.length,
  };
  // Entries are views of their chunk: a copy of it outlives the frame that it came from.
  const bytes = Uint8Array.from(await blobs.read(ref));
  const entries = decode(bytes, chunk);
  if (chunk.stored_sha256 !== undefined) nameOwnPack(entries, ref.pack);
  const isNamed = chunk.stored_sha256 === undefined || (await sha256Hex(bytes)) === chunk.sha256;
  const [first] = entries;
  const isWhole = isNamed && entries.length === chunk.entries && first !== undefined;
  if (!isWhole || comparePaths(first.path, fromBase64Url(chunk.first)) !== 0 || !isSorted(entries)) {
    throw damaged(`the list of files ${shortHash(chunk.sha256)} is not the one that the manifest names`);
  }
  return entries;
}

function decode(bytes: Uint8Array, chunk: ListChunk): Entry[] {
  try {
    return readEntries(bytes);
  } catch (cause) {
    throw damaged(`the list of files ${shortHash(chunk.sha256)} cannot be read`, cause);
  }
}

function isSorted(entries: readonly Entry[]): boolean {
  return entries.every((entry, index) => {
    const before = entries[index - 1];
    return before === undefined || comparePaths(before.path, entry.path) < 0;
  });
}

/** The last chunk that begins at or before the path. */
export function findChunk(chunks: readonly ListChunk[], path: Uint8Array): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const first = fromBase64Url(chunks[middle]?.first ?? "");
    if (comparePaths(first, path) <= 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
