// Keeps a session that is being deleted from storing anything more, and knows what is still on its way to R2.
import type { ArchiveBucket } from "./archive-keys.ts";

export type PutGuard = {
  bucket: ArchiveBucket;
  /** Resolves once nothing is under way. */
  whenQuiet(): Promise<void>;
};

export function guardPuts(bucket: ArchiveBucket, isClosed: () => boolean): PutGuard {
  const underWay = new Set<Promise<unknown>>();
  const put = async (...args: Parameters<ArchiveBucket["put"]>): Promise<R2Object | null> => {
    if (isClosed()) throw new Error("the session is being deleted");
    const putting = bucket.put(...args);
    underWay.add(putting);
    try {
      return await putting;
    } finally {
      underWay.delete(putting);
    }
  };
  return {
    bucket: {
      put: put as ArchiveBucket["put"],
      get: bucket.get.bind(bucket),
      head: (key) => bucket.head(key),
      list: (options) => bucket.list(options),
      delete: (keys) => bucket.delete(keys),
    },
    whenQuiet: async () => void (await Promise.allSettled(underWay)),
  };
}
