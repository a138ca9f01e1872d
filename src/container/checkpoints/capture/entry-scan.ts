// Looks into encoded entries without building them: which blobs they name, and whether two of them say the same.
import { ByteReader } from "../../../shared/checkpoints/byte-io.ts";
import { readBlobRef, readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import type { BlobRef, Entry } from "../../../shared/checkpoints/format.ts";

/** As the codec numbers them. */
export const ENTRY_TYPES = ["file", "directory", "symlink", "fifo"] as const;
const HARD_LINK = 2;

/** The blobs that an entry names, as views of its bytes. */
export function* blobsOf(entry: Uint8Array): Generator<BlobRef, void> {
  if (entry[0] !== ENTRY_TYPES.indexOf("file")) return;
  const reader = new ByteReader(entry);
  reader.number();
  reader.sized();
  reader.number();
  reader.number();
  reader.number();
  reader.number();
  const flags = reader.number();
  if ((flags & HARD_LINK) !== 0) reader.sized();
  for (let left = reader.number(); left > 0; left--) yield readBlobRef(reader);
}

/** Type, mode, content or target differ: a time alone is no change, nor is a place in storage. */
export function isChanged(before: Buffer, after: Buffer): boolean {
  if (before.equals(after)) return false;
  const [one] = readEntries(before);
  const [other] = readEntries(after);
  if (one === undefined || other === undefined) return true;
  return one.type !== other.type || one.mode !== other.mode || !isSameContent(one, other);
}

function isSameContent(one: Entry, other: Entry): boolean {
  if (one.type === "symlink" && other.type === "symlink") return Buffer.compare(one.target, other.target) === 0;
  if (one.type !== "file" || other.type !== "file") return true;
  const isSameBlob = (blob: BlobRef, index: number) =>
    Buffer.compare(blob.sha256, other.blobs[index]?.sha256 ?? new Uint8Array()) === 0;
  return one.size === other.size && one.blobs.length === other.blobs.length && one.blobs.every(isSameBlob);
}
