// Compression of archived events: one zstd frame per chunk. Frames one after the other are a zstd file.
// oxlint-disable-next-line no-restricted-imports -- workerd brings zstd here alone
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

export function compress(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(zstdCompressSync(new TextEncoder().encode(text)));
}

export function decompress(frame: Uint8Array): string {
  return new TextDecoder().decode(zstdDecompressSync(frame));
}
