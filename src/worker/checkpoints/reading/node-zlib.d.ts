// The part of Node's zlib that workerd brings and checkpoints use; the edge has no types of Node.
declare module "node:zlib" {
  export function zstdCompressSync(data: Uint8Array): Uint8Array<ArrayBuffer>;
  export function zstdDecompressSync(data: Uint8Array, options: { maxOutputLength: number }): Uint8Array<ArrayBuffer>;
}
