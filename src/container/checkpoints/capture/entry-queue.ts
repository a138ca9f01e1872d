// Entries in order, held back until the packs that hold their content have names; then listed, counted and remembered.
import { ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { writeEntry } from "../../../shared/checkpoints/entry-codec.ts";
import type { Entry, FileEntry } from "../../../shared/checkpoints/format.ts";
import type { ChangeCounts } from "../../../shared/checkpoints/schema.ts";
import type { LocalIdentity, StatCacheWriter } from "../stat-cache.ts";
import type { BlobIndex } from "./blob-index.ts";
import type { EntryList } from "./entry-list.ts";
import { isChanged } from "./entry-scan.ts";

export type QueuedEntry = {
  path: Buffer;
  /** As bytes, or what a file is but for where its blobs lie. */
  entry: Buffer | Omit<FileEntry, "blobs">;
  blobs: readonly number[];
  /** Null when it may not be trusted the next time. */
  identity: LocalIdentity | null;
  /** What the parent has at that path; null for nothing. */
  before: Buffer | null;
};

export type EntryQueue = {
  push(entry: QueuedEntry): void;
  /** Writes all that can be written. */
  drain(): void;
  size(): number;
  /** Added and changed so far. */
  changes(): Omit<ChangeCounts, "removed">;
};

export function createEntryQueue(parts: { index: BlobIndex; list: EntryList; cache: StatCacheWriter }): EntryQueue {
  const { index, list, cache } = parts;
  const writer = new ByteWriter();
  const changes = { added: 0, changed: 0 };
  let waiting: QueuedEntry[] = [];
  let next = 0;

  const isReady = ({ blobs }: QueuedEntry) => blobs.every(index.isNamed);
  function encode(entry: Omit<FileEntry, "blobs">, blobs: readonly number[]): Buffer {
    writeEntry(writer, { ...entry, blobs: blobs.map(index.ref) });
    return Buffer.from(writer.take().buffer);
  }
  function write({ path, entry, blobs, identity, before }: QueuedEntry): void {
    const bytes = Buffer.isBuffer(entry) ? entry : encode(entry, blobs);
    if (before === null) changes.added += 1;
    else if (isChanged(before, bytes)) changes.changed += 1;
    list.add(path, bytes);
    cache.add(bytes, identity);
  }
  function drain(): void {
    for (let head = waiting[next]; head !== undefined && isReady(head); head = waiting[next]) {
      next += 1;
      write(head);
    }
    if (next < 1024 && next < waiting.length) return;
    waiting = waiting.slice(next);
    next = 0;
  }
  return {
    drain,
    push(entry) {
      if (waiting.length === next && isReady(entry)) return write(entry);
      waiting.push(copied(entry));
    },
    size: () => waiting.length - next,
    changes: () => changes,
  };
}

/** What waits must not hold the large buffers that its bytes are views of. */
function copied(queued: QueuedEntry): QueuedEntry {
  const { path, entry, before } = queued;
  return {
    ...queued,
    path: Buffer.from(path),
    entry: Buffer.isBuffer(entry) ? Buffer.from(entry) : entry,
    before: before === null ? null : Buffer.from(before),
  };
}

/** Of one that has no content. */
export function encodeEntry(entry: Exclude<Entry, FileEntry>): Buffer {
  const writer = new ByteWriter();
  writeEntry(writer, entry);
  return Buffer.from(writer.take().buffer);
}
