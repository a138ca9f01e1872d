// The part of Node's zlib that workerd brings and the objects use; the objects have no types of Node.
declare module "node:zlib" {
  export function zstdCompressSync(data: Uint8Array): Uint8Array<ArrayBuffer>;
  export function zstdDecompressSync(data: Uint8Array): Uint8Array<ArrayBuffer>;
}
