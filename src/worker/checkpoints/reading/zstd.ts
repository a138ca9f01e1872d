// Zstd for checkpoints: frames of packs and manifests, with a limit on what they may grow to.
// oxlint-disable-next-line no-restricted-imports -- workerd brings zstd here alone
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressPieces, splitFrames } from "../../../shared/zstd/frames.ts";

/** One frame after the other, each of a part of the content. */
export function compressFrames(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  return compressPieces(bytes, (piece) => Uint8Array.from(zstdCompressSync(piece)));
}

/** Throws at what is no frame, and at frames that grow beyond the limit: what a sandbox stored may be made to do so. */
export function decompressFrames(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  for (const frame of splitFrames(bytes)) {
    const part = zstdDecompressSync(frame, { maxOutputLength: left + 1 });
    left -= part.length;
    if (left < 0) throw new RangeError("frames are larger than any may be");
    parts.push(part);
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : join(parts, maxBytes - left);
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
