// Compression of archived events and of manifests: zstd frames one after the other, which are a zstd file.
// oxlint-disable-next-line no-restricted-imports -- workerd brings zstd here alone
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { concatBytes } from "../../shared/concat-bytes.ts";
import { compressPieces, splitFrames } from "../../shared/zstd/frames.ts";

export function compress(text: string): Uint8Array<ArrayBuffer> {
  return concatBytes(compressPieces(new TextEncoder().encode(text), zstdCompressSync));
}

export function decompress(bytes: Uint8Array): string {
  return new TextDecoder().decode(concatBytes(splitFrames(bytes).map((frame) => zstdDecompressSync(frame))));
}
