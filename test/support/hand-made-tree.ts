// Trees made by hand, in the real format: for what no walk would ever find, and for checkpoints without a sandbox.
import { hash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { ByteWriter } from "../../src/shared/checkpoints/byte-io.ts";
import { toBase64Url, toHex } from "../../src/shared/checkpoints/bytes-text.ts";
import { writeEntry } from "../../src/shared/checkpoints/entry-codec.ts";
import type { BlobRef, Entry, FileEntry, Tree } from "../../src/shared/checkpoints/format.ts";
import { encodePackIndex } from "../../src/shared/checkpoints/pack-format.ts";

export type HandMade = { tree: Tree; packs: Map<string, Buffer> };

/** Files with their content, folders as null; `extra` entries are written as they are, in any order. */
export function makeTree(files: Record<string, string | Buffer | null>, extra: Entry[] = []): HandMade {
  const paths = Object.keys(files).sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const contents = paths.map((path) => files[path]).filter((content) => content !== null && content !== undefined);
  const content = makePack(contents.map((one) => Buffer.from(one)));
  let blob = 0;
  const entries: Entry[] = paths.map((path) => {
    const base = { path: Buffer.from(path), mtimeUs: 1_700_000_000_000_000 };
    if (files[path] === null) return { ...base, type: "directory", mode: 0o755 };
    return { ...base, type: "file", mode: 0o644, ...fileOf(content.refs[blob++]) };
  });
  return packEntries([...entries, ...extra], content.pack);
}

/** A list of entries as one chunk in a pack of its own. */
export function packEntries(entries: readonly Entry[], ...packs: Buffer[]): HandMade {
  const writer = new ByteWriter();
  for (const entry of entries) writeEntry(writer, entry);
  const bytes = Buffer.from(writer.take());
  const list = makePack(bytes.length === 0 ? [] : [bytes]);
  const all = new Map([list.pack, ...packs].map((pack) => [hash("sha256", pack), pack]));
  const files = entries.filter((entry) => entry.type === "file");
  const tree: Tree = {
    chunks: list.refs.map((ref) => ({
      sha256: toHex(ref.sha256),
      pack: toHex(ref.pack),
      frame_offset: ref.frameOffset,
      frame_length: ref.frameLength,
      length: ref.length,
      entries: entries.length,
      first: toBase64Url(entries[0]?.path ?? new Uint8Array(0)),
    })),
    packs: [...all.keys()].sort(),
    files: files.length,
    directories: entries.filter((entry) => entry.type === "directory").length,
    others: entries.filter((entry) => entry.type === "symlink" || entry.type === "fifo").length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    omitted: [],
    omitted_count: 0,
  };
  return { tree, packs: all };
}

function makePack(contents: readonly Buffer[]): { pack: Buffer; refs: BlobRef[] } {
  const frames = contents.map((content) => zstdCompressSync(content));
  let offset = 0;
  const placed = frames.map((frame, index) => {
    const content = contents[index] ?? Buffer.alloc(0);
    const blob = { sha256: hash("sha256", content, "buffer"), inner: 0, length: content.length };
    const at = { offset, length: frame.length, blobs: [blob] };
    offset += frame.length;
    return at;
  });
  const pack = Buffer.concat([...frames, encodePackIndex(placed)]);
  const name = hash("sha256", pack, "buffer");
  const refs = placed.flatMap(({ offset: frameOffset, length: frameLength, blobs }) =>
    blobs.map((blob) => ({ ...blob, pack: name, frameOffset, frameLength })),
  );
  return { pack, refs };
}

function fileOf(ref: BlobRef | undefined): Pick<FileEntry, "size" | "blobs" | "sparse" | "hardLinkOf"> {
  if (ref === undefined) throw new Error("a file without its content");
  return { size: ref.length, blobs: ref.length === 0 ? [] : [ref], sparse: false, hardLinkOf: null };
}
