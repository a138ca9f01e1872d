// Zstd for checkpoints: frames of packs and manifests, with a limit on what one may grow to.
// oxlint-disable-next-line no-restricted-imports -- workerd brings zstd here alone
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

export function compressFrame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(zstdCompressSync(bytes));
}

/** Throws at what is no frame, and at one that grows beyond the limit: what a sandbox stored may be made to do so. */
export function decompressFrame(frame: Uint8Array, maxBytes: number): Uint8Array {
  const bytes = zstdDecompressSync(frame, { maxOutputLength: maxBytes });
  if (bytes.length > maxBytes) throw new RangeError("a frame is larger than any may be");
  return bytes;
}
