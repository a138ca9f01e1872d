// Packs a tree as the format says: frames, packs, entry lists in chunks and a manifest; bytes in a map, for whoever stores them.
import { ByteWriter } from "../../src/shared/checkpoints/byte-io.ts";
import { toBase64Url, toHex } from "../../src/shared/checkpoints/bytes-text.ts";
import { writeEntry } from "../../src/shared/checkpoints/entry-codec.ts";
import type { BlobRef, Entry, ListChunk, Manifest, Tree } from "../../src/shared/checkpoints/format.ts";
import { encodePackIndex, type PackedFrame } from "../../src/shared/checkpoints/pack-format.ts";
import { comparePaths } from "../../src/shared/checkpoints/path-bytes.ts";
import { compressFrames } from "../../src/worker/checkpoints/reading/zstd.ts";
import { OWN_PACK } from "../../src/shared/checkpoints/own-pack.ts";
import { concatBytes } from "../../src/shared/concat-bytes.ts";

export type SeedFile = {
  path: string | Uint8Array;
  type?: Entry["type"];
  content?: string | Uint8Array;
  /** Cut into blobs of this many bytes. */
  blobBytes?: number;
  target?: string | Uint8Array;
  mode?: number;
  mtimeUs?: number;
  hardLinkOf?: string;
};
/** What earlier trees stored: a blob that is known is not stored again. */
export type Known = Map<string, BlobRef>;
export type SeededTree = { tree: Tree; packs: Map<string, Uint8Array>; known: Known; entries: Entry[] };

const encoder = new TextEncoder();
export const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === "string" ? encoder.encode(text) : text;
export const hashOf = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

/** Small packs and frames, so that a small tree has several of each. */
const FRAME_BYTES = 2_000;
const PACK_BYTES = 6_000;

type Waiting = { sha256: Uint8Array; bytes: Uint8Array };

export async function seedTree(files: readonly SeedFile[], before: Known = new Map()): Promise<SeededTree> {
  const known: Known = new Map(before);
  const packs = new Map<string, Uint8Array>();
  const sorted = [...files].sort((a, b) => comparePaths(bytesOf(a.path), bytesOf(b.path)));
  const pieces = new Map<SeedFile, Waiting[]>();
  const contents = new Map(sorted.map((file) => [file.path, file]));
  for (const file of sorted) pieces.set(file, await cut(contents.get(file.hardLinkOf ?? file.path) ?? file));
  await store([...pieces.values()].flat(), { known, packs, alone: false });
  const entries = sorted.map((file) => toEntry(file, pieces.get(file) ?? [], known));
  const chunks = await storeList(entries, { known, packs, alone: true });
  const named = new Set(chunks.map(({ pack }) => pack));
  for (const entry of entries) if (entry.type === "file") for (const blob of entry.blobs) named.add(toHex(blob.pack));
  const count = (type: Entry["type"]) => entries.filter((entry) => entry.type === type).length;
  const tree: Tree = {
    chunks,
    packs: [...named].sort(),
    files: count("file"),
    directories: count("directory"),
    others: count("symlink") + count("fifo"),
    bytes: entries.reduce((sum, entry) => sum + (entry.type === "file" ? entry.size : 0), 0),
    omitted: [],
    omitted_count: 0,
  };
  return { tree, packs, known, entries };
}

async function cut(file: SeedFile): Promise<Waiting[]> {
  const bytes = bytesOf(file.content ?? "");
  const size = file.blobBytes ?? Math.max(1, bytes.length);
  const waiting: Waiting[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.slice(at, at + size);
    waiting.push({ sha256: await hashOf(piece), bytes: piece });
  }
  return waiting;
}

type Storage = { known: Known; packs: Map<string, Uint8Array>; alone: boolean };

async function store(blobs: readonly Waiting[], storage: Storage): Promise<void> {
  const fresh = new Map<string, Waiting>();
  for (const blob of blobs) if (!storage.known.has(toHex(blob.sha256))) fresh.set(toHex(blob.sha256), blob);
  let frames: Waiting[][] = [];
  let frame: Waiting[] = [];
  const frameBytes = () => frame.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const packBytes = () => frames.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const blob of fresh.values()) {
    frame.push(blob);
    if (!storage.alone && frameBytes() < FRAME_BYTES) continue;
    frames.push(frame);
    frame = [];
    if (packBytes() < PACK_BYTES) continue;
    await writePack(frames, storage);
    frames = [];
  }
  if (frame.length > 0) frames.push(frame);
  if (frames.length > 0) await writePack(frames, storage);
}

async function writePack(frames: readonly Waiting[][], { known, packs }: Storage): Promise<void> {
  const parts: Uint8Array[] = [];
  const index: PackedFrame[] = [];
  let offset = 0;
  for (const blobs of frames) {
    const content = concatBytes(blobs.map(({ bytes }) => bytes));
    const packed = compressFrame(content);
    let inner = 0;
    const placed = blobs.map(({ sha256, bytes }) => {
      inner += bytes.length;
      return { sha256, inner: inner - bytes.length, length: bytes.length };
    });
    index.push({ offset, length: packed.length, blobs: placed });
    parts.push(packed);
    offset += packed.length;
  }
  const pack = concatBytes([...parts, encodePackIndex(index)]);
  const name = await hashOf(pack);
  packs.set(toHex(name), pack);
  for (const { offset: frameOffset, length: frameLength, blobs } of index) {
    for (const blob of blobs) known.set(toHex(blob.sha256), { ...blob, pack: name, frameOffset, frameLength });
  }
}

function toEntry(file: SeedFile, pieces: readonly Waiting[], known: Known): Entry {
  const type = file.type ?? (file.target === undefined ? "file" : "symlink");
  const mode = file.mode ?? (type === "directory" ? 0o755 : 0o644);
  const base = { path: bytesOf(file.path), mode, mtimeUs: file.mtimeUs ?? 1_700_000_000_000_000 };
  if (type === "symlink") return { ...base, type, target: bytesOf(file.target ?? "") };
  if (type !== "file") return { ...base, type };
  const blobs = pieces.map(({ sha256 }) => known.get(toHex(sha256))!);
  const size = blobs.reduce((sum, { length }) => sum + length, 0);
  const hardLinkOf = file.hardLinkOf === undefined ? null : bytesOf(file.hardLinkOf);
  return { ...base, type, size, blobs, sparse: false, hardLinkOf };
}

/** Chunks end where a path says so, as everywhere: about four entries each. */
async function storeList(entries: readonly Entry[], storage: Storage): Promise<ListChunk[]> {
  const lists: Entry[][] = [];
  let list: Entry[] = [];
  for (const entry of entries) {
    list.push(entry);
    const sum = entry.path.reduce((total, byte) => (total * 31 + byte) % 65_521, 7);
    if (sum % 4 !== 0) continue;
    lists.push(list);
    list = [];
  }
  if (list.length > 0) lists.push(list);
  const encoded = await Promise.all(lists.map((part) => encodeList(part)));
  await store(encoded, storage);
  return encoded.map(({ sha256, bytes }, index) => {
    const { pack, frameOffset, frameLength } = storage.known.get(toHex(sha256))!;
    return {
      sha256: toHex(sha256),
      pack: toHex(pack),
      frame_offset: frameOffset,
      frame_length: frameLength,
      length: bytes.length,
      entries: lists[index]!.length,
      first: toBase64Url(lists[index]![0]!.path),
    };
  });
}

/** One file and its list in one pack, as a small checkpoint is: the list leaves the pack's name open. */
export async function packTogether(path: string, text: string) {
  const content = bytesOf(text);
  const blob = { sha256: await hashOf(content), inner: 0, length: content.length };
  const frame = compressFrame(content);
  const ref = { ...blob, pack: OWN_PACK, frameOffset: 0, frameLength: frame.length };
  const entry = { ...toEntry({ path }, [], new Map()), size: content.length, blobs: [ref] } as Entry;
  const list = await encodeList([entry]);
  const listFrame = compressFrame(list.bytes);
  const listed = { sha256: list.sha256, inner: 0, length: list.bytes.length };
  const index = encodePackIndex([
    { offset: 0, length: frame.length, blobs: [blob] },
    { offset: frame.length, length: listFrame.length, blobs: [listed] },
  ]);
  const bytes = concatBytes([frame, listFrame, index]);
  const pack = await hashOf(bytes);
  const named = await encodeList([{ ...entry, blobs: [{ ...ref, pack }] } as Entry]);
  const chunk: ListChunk = {
    sha256: toHex(named.sha256),
    stored_sha256: toHex(list.sha256),
    pack: toHex(pack),
    frame_offset: frame.length,
    frame_length: listFrame.length,
    length: list.bytes.length,
    entries: 1,
    first: toBase64Url(entry.path),
  };
  return { pack: toHex(pack), bytes, chunk };
}

const compressFrame = (bytes: Uint8Array): Uint8Array => concatBytes(compressFrames(bytes));

async function encodeList(entries: readonly Entry[]): Promise<Waiting> {
  const writer = new ByteWriter();
  for (const entry of entries) writeEntry(writer, entry);
  const bytes = writer.take();
  return { sha256: await hashOf(bytes), bytes };
}

export async function packManifest(manifest: Manifest): Promise<{ bytes: Uint8Array; sha256: string }> {
  const bytes = compressFrame(encoder.encode(JSON.stringify(manifest)));
  return { bytes, sha256: toHex(await hashOf(bytes)) };
}
