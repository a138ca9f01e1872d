// Compression of archived events and of manifests: zstd frames one after the other, which are a zstd file.
// oxlint-disable-next-line no-restricted-imports -- workerd brings zstd here alone
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressPieces, splitFrames } from "../../shared/zstd/frames.ts";

export function compress(text: string): Uint8Array<ArrayBuffer> {
  return join(compressPieces(new TextEncoder().encode(text), zstdCompressSync));
}

export function decompress(bytes: Uint8Array): string {
  return new TextDecoder().decode(join(splitFrames(bytes).map((frame) => zstdDecompressSync(frame))));
}

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
