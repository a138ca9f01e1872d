// Entries in order, held back until the packs that hold their content have names; then listed, counted and remembered.
import { ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { writeEntry } from "../../../shared/checkpoints/entry-codec.ts";
import {
  type BlobRef,
  type Entry,
  type FileEntry,
  MAX_PACK_BLOBS,
  PACKS_TOGETHER,
} from "../../../shared/checkpoints/format.ts";
import type { ChangeCounts } from "../../../shared/checkpoints/schema.ts";
import type { LocalIdentity, StatCacheWriter } from "../stat-cache.ts";
import type { BlobIndex } from "./blob-index.ts";
import type { EntryList } from "./entry-list.ts";
import { isChanged } from "./entry-scan.ts";
import type { UnnamedPack } from "./pack-assembler.ts";

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
  /**
   * Lists all that waits, as it will lie in that same pack, whose name it leaves open. False, and nothing is done, where
   * not all of it would. Once it is true the pack is to be closed, and `remember` called; nothing more is pushed.
   */
  listInto(pack: UnnamedPack): boolean;
  remember(): void;
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
  let isListed = false;

  const isReady = ({ blobs }: QueuedEntry) => blobs.every(index.isNamed);
  function encode({ entry, blobs }: QueuedEntry, toRef: (blob: number) => BlobRef): Buffer {
    if (Buffer.isBuffer(entry)) return entry;
    writeEntry(writer, { ...entry, blobs: blobs.map(toRef) });
    return Buffer.from(writer.take().buffer);
  }
  function note({ identity, before }: QueuedEntry, bytes: Buffer): void {
    if (before === null) changes.added += 1;
    else if (isChanged(before, bytes)) changes.changed += 1;
    cache.add(bytes, identity);
  }
  function write(queued: QueuedEntry): void {
    const bytes = encode(queued, index.ref);
    list.add(queued.path, bytes);
    note(queued, bytes);
  }
  function drain(): void {
    if (isListed) return;
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
    listInto(pack) {
      const left = waiting.slice(next);
      const isThere = (blob: number) => index.isNamed(blob) || index.packOf(blob) === pack.number;
      if (!hasRoom(pack, left, list.openBytes()) || !left.every(({ blobs }) => blobs.every(isThere))) return false;
      const toRef = (blob: number) => (index.packOf(blob) === pack.number ? index.refInOwnPack(blob) : index.ref(blob));
      for (const queued of left) list.add(queued.path, encode(queued, toRef));
      isListed = true;
      return true;
    },
    remember() {
      for (const queued of waiting.slice(next)) note(queued, encode(queued, index.ref));
      waiting = [];
      next = 0;
    },
    push(entry) {
      if (waiting.length === next && isReady(entry)) return write(entry);
      waiting.push(copied(entry));
    },
    size: () => waiting.length - next,
    changes: () => changes,
  };
}

/** A chunk is one blob more, with at least one entry in it. */
function hasRoom(pack: UnnamedPack, entries: readonly QueuedEntry[], openBytes: number): boolean {
  const bytes = entries.reduce((sum, queued) => sum + mostBytesOf(queued), pack.bytes + openBytes);
  return bytes <= PACKS_TOGETHER.bytes && pack.blobs + entries.length < MAX_PACK_BLOBS;
}

const MOST_BYTES_OF_A_BLOB = 96;
const MOST_BYTES_OF_NUMBERS = 64;

function mostBytesOf({ entry, blobs }: QueuedEntry): number {
  if (Buffer.isBuffer(entry)) return entry.length;
  const paths = entry.path.length + (entry.hardLinkOf?.length ?? 0);
  return paths + blobs.length * MOST_BYTES_OF_A_BLOB + MOST_BYTES_OF_NUMBERS;
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
