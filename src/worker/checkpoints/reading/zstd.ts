// Zstd for checkpoints: frames of packs and manifests, with a limit on what they may grow to.
// oxlint-disable-next-line no-restricted-imports -- workerd brings zstd here alone
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { concatBytes } from "../../../shared/concat-bytes.ts";
import { compressPieces, splitFrames } from "../../../shared/zstd/frames.ts";

/** One frame after the other, each of a part of the content. */
export function compressFrames(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  return compressPieces(bytes, (piece) => Uint8Array.from(zstdCompressSync(piece)));
}

/** Less content than any of several frames holds, but for the last, and for an empty one that an encoder may end with. */
const LEAST_FRAME_CONTENT = 32_000;
const MORE_FRAMES = 2;

/** Throws at what is no frame, and at frames that grow beyond the limit: what a sandbox stored may be made to do so. */
export function decompressFrames(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  const frames = splitFrames(bytes);
  if (frames.length > MORE_FRAMES + maxBytes / LEAST_FRAME_CONTENT)
    throw new RangeError("there are more frames than content");
  for (const frame of frames) {
    const part = zstdDecompressSync(frame, { maxOutputLength: left + 1 });
    left -= part.length;
    if (left < 0) throw new RangeError("frames are larger than any may be");
    parts.push(part);
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concatBytes(parts);
}
