// Entries as bytes and back. The same entry is always the same bytes, so that an unchanged part of a list is the same chunk.
import { ByteReader, type ByteWriter } from "./byte-io.ts";
import type { BlobRef, Entry } from "./format.ts";
import { isSafePath } from "./path-bytes.ts";

const TYPES = ["file", "directory", "symlink", "fifo"] as const;
const SPARSE = 1;
const HARD_LINK = 2;
const MODE_BITS = 0o7777;

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.number(TYPES.indexOf(entry.type));
  writer.sized(entry.path);
  writer.number(entry.mode & MODE_BITS);
  writeSigned(writer, entry.mtimeUs);
  if (entry.type === "symlink") writer.sized(entry.target);
  if (entry.type !== "file") return;
  writer.number(entry.size);
  writer.number((entry.sparse ? SPARSE : 0) | (entry.hardLinkOf === null ? 0 : HARD_LINK));
  if (entry.hardLinkOf !== null) writer.sized(entry.hardLinkOf);
  writer.number(entry.blobs.length);
  for (const blob of entry.blobs) writeBlobRef(writer, blob);
}

/** All entries of a chunk. Throws at a chunk that is cut, and at a path that could lead outside a workspace. */
export function readEntries(chunk: Uint8Array): Entry[] {
  const reader = new ByteReader(chunk);
  const entries: Entry[] = [];
  while (!reader.done) entries.push(readEntry(reader));
  return entries;
}

function readEntry(reader: ByteReader): Entry {
  const type = TYPES[reader.number()];
  const path = reader.sized();
  if (type === undefined) throw new RangeError("an entry of an unknown type");
  if (!isSafePath(path)) throw new RangeError("an entry whose path leads outside");
  const base = { path, mode: reader.number() & MODE_BITS, mtimeUs: readSigned(reader) };
  if (type === "symlink") return { ...base, type, target: reader.sized() };
  return type === "file" ? { ...base, type, ...readContent(reader) } : { ...base, type };
}

function readContent(reader: ByteReader) {
  const size = reader.number();
  const flags = reader.number();
  const hardLinkOf = (flags & HARD_LINK) === 0 ? null : reader.sized();
  if (hardLinkOf !== null && !isSafePath(hardLinkOf)) throw new RangeError("a hard link that leads outside");
  const count = reader.number();
  const blobs: BlobRef[] = [];
  for (let index = 0; index < count; index++) blobs.push(readBlobRef(reader));
  const total = blobs.reduce((sum, blob) => sum + blob.length, 0);
  if (total !== size) throw new RangeError("a file whose pieces are not its size");
  return { size, sparse: (flags & SPARSE) !== 0, hardLinkOf, blobs };
}

export function writeBlobRef(writer: ByteWriter, blob: BlobRef): void {
  writer.bytes(blob.sha256);
  writer.bytes(blob.pack);
  writer.number(blob.frameOffset);
  writer.number(blob.frameLength);
  writer.number(blob.inner);
  writer.number(blob.length);
}

export function readBlobRef(reader: ByteReader): BlobRef {
  return {
    sha256: reader.bytes(32),
    pack: reader.bytes(32),
    frameOffset: reader.number(),
    frameLength: reader.number(),
    inner: reader.number(),
    length: reader.number(),
  };
}

/** Files may be older than 1970. */
function writeSigned(writer: ByteWriter, value: number): void {
  writer.number(value < 0 ? 1 : 0);
  writer.number(Math.abs(value));
}

function readSigned(reader: ByteReader): number {
  const sign = reader.number() === 0 ? 1 : -1;
  return sign * reader.number();
}
