// Keeps byte arrays up to a total size; the one that was not used for longest goes first.

export type ByteCache = {
  get(key: string): Uint8Array | undefined;
  set(key: string, bytes: Uint8Array): void;
};

export function createByteCache(maxBytes: number): ByteCache {
  const kept = new Map<string, Uint8Array>();
  let total = 0;
  return {
    get(key) {
      const bytes = kept.get(key);
      if (bytes === undefined) return undefined;
      kept.delete(key);
      kept.set(key, bytes);
      return bytes;
    },
    set(key, bytes) {
      total += bytes.length - (kept.get(key)?.length ?? 0);
      kept.delete(key);
      kept.set(key, bytes);
      for (const [oldest, held] of kept) {
        if (total <= maxBytes || oldest === key) break;
        kept.delete(oldest);
        total -= held.length;
      }
    },
  };
}
