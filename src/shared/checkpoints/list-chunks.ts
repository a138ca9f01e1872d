// Where the entry list is cut into chunks: paths decide, so that a change costs the chunks that it lies in.

const MEAN_ENTRIES = 128;
/** Bounds alone: trees whose paths hash as they should never meet them. */
const MOST_ENTRIES = 2048;
const MOST_BYTES = 512 * 1024;

/** True when an entry of this path begins a new chunk. */
export function startsListChunk(path: Uint8Array): boolean {
  let hash = 0x811c9dc5;
  for (const byte of path) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % MEAN_ENTRIES === 0;
}

/** True when nothing more goes into a chunk. */
export function isListChunkFull(chunk: { entries: number; bytes: number }): boolean {
  return chunk.entries >= MOST_ENTRIES || chunk.bytes >= MOST_BYTES;
}
