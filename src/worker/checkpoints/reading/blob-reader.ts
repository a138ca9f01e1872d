// Gives the bytes that a reference stands for, and only if they are what it says: out of a named pack, whole, of that SHA-256.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import { type BlobRef, FRAME_TARGET_BYTES, MAX_BLOB_BYTES } from "../../../shared/checkpoints/format.ts";
import { createByteCache } from "./byte-cache.ts";
import { damaged, shortHash } from "./damage.ts";
import type { PackReader } from "./pack-reader.ts";
import { sha256Hex } from "./sha256.ts";
import { decompressFrames } from "./zstd.ts";

/** A shared frame is filled up by one blob more at most. */
export const MAX_FRAME_BYTES = MAX_BLOB_BYTES + FRAME_TARGET_BYTES;
const HELD_BYTES = 16 * 1024 * 1024;

export type BlobReader = {
  /** A view into a frame: valid until the next read. */
  read(blob: BlobRef): Promise<Uint8Array>;
  /** A frame's content, not yet checked against any SHA-256. */
  frame(pack: string, offset: number, length: number): Promise<Uint8Array>;
};

export function createBlobReader(packs: PackReader, named: ReadonlySet<string>): BlobReader {
  const frames = createByteCache(HELD_BYTES);
  async function frame(pack: string, offset: number, length: number): Promise<Uint8Array> {
    // A manifest may be written by nobody but us, the entries it names by a sandbox: they open no other pack.
    if (!named.has(pack)) throw damaged(`it names pack ${shortHash(pack)}, which is none of its own`);
    const key = `${pack}:${offset}:${length}`;
    const known = frames.get(key);
    if (known !== undefined) return known;
    const bytes = unpack(await packs.range(pack, offset, length), pack, offset);
    frames.set(key, bytes);
    return bytes;
  }
  return {
    frame,
    async read(blob) {
      const pack = toHex(blob.pack);
      const content = await frame(pack, blob.frameOffset, blob.frameLength);
      const bytes = content.subarray(blob.inner, blob.inner + blob.length);
      const wanted = toHex(blob.sha256);
      if (bytes.length === blob.length && (await sha256Hex(bytes)) === wanted) return bytes;
      throw damaged(`blob ${shortHash(wanted)} in pack ${shortHash(pack)} is not what its SHA-256 says`);
    },
  };
}

function unpack(frame: Uint8Array, pack: string, offset: number): Uint8Array {
  try {
    return decompressFrames(frame, MAX_FRAME_BYTES);
  } catch (cause) {
    throw damaged(`the frame at byte ${offset} of pack ${shortHash(pack)} cannot be decompressed`, cause);
  }
}
