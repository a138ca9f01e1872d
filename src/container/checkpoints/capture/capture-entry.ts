// Decides for one thing in the workspace whether what is known of it still holds, reads it if not, and queues its entry.
import { type BigIntStats, readlinkSync } from "node:fs";
import { readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import { type CachedRecord, identityOf } from "../stat-cache.ts";
import type { WalkItem } from "../walk/walk-tree.ts";
import type { CaptureParts } from "./capture-tree.ts";
import { encodeEntry } from "./entry-queue.ts";
import { ENTRY_TYPES } from "./entry-scan.ts";
import type { CapturedContent } from "./hard-links.ts";
import type { CapturedFile } from "./read-file.ts";

export type SeenItem = {
  item: WalkItem;
  /** What the disk held there when it was last looked at. */
  local: CachedRecord | null;
  /** What the parent has there. */
  before: Buffer | null;
  /** `local` is the parent's own entry, and still true. */
  isUnchanged: boolean;
};

export type CaptureCounts = {
  files: number;
  directories: number;
  others: number;
  bytes: number;
  removed: number;
  unstable: number;
};
export const newCounts = (): CaptureCounts => ({
  files: 0,
  directories: 0,
  others: 0,
  bytes: 0,
  removed: 0,
  unstable: 0,
});

type Parts = Pick<CaptureParts, "queue" | "files" | "omit" | "known" | "index" | "links">;

const SPARSE_BYTES = 64 * 1024;

export function isTrusted(record: CachedRecord | null, { stats, type }: WalkItem): record is CachedRecord {
  return record !== null && record.entry[0] === ENTRY_TYPES.indexOf(type) && record.isTrusted(stats);
}

export type EntryCapture = {
  /** What needs no reading; false where it does. Most of a tree: nothing is waited for between one and the next. */
  atOnce(seen: SeenItem): boolean;
  read(seen: SeenItem): Promise<void>;
};

export function createEntryCapture(parts: Parts, counts: CaptureCounts): EntryCapture {
  const { links } = parts;
  const keep = (seen: SeenItem, file: CapturedContent): void => {
    if (!file.isStable) counts.unstable += 1;
    links.add(seen.item.stats, file);
    pushFile(parts, counts, { seen, file });
  };
  return {
    atOnce(seen) {
      const { item } = seen;
      const hasOneName = item.type !== "file" || item.stats.nlink === 1n;
      if (seen.isUnchanged && hasOneName) pushEntry(parts, counts, { seen, entry: seen.local?.entry ?? null });
      else if (item.type !== "file") pushEntry(parts, counts, { seen, entry: encodeOther(item) });
      else return keepKnown(seen);
      return true;
    },
    async read(seen) {
      const file = await readFile(parts, seen.item);
      if (file !== null) keep(seen, file);
    },
  };

  function keepKnown(seen: SeenItem): boolean {
    const linked = links.find(seen.item.stats);
    if (linked !== null) pushFile(parts, counts, { seen, file: linked });
    const stored = linked === null ? storedFile(parts, seen) : null;
    if (stored !== null) keep(seen, stored);
    return linked !== null || stored !== null;
  }
}

type SeenFile = { seen: SeenItem; file: CapturedContent };

function pushFile({ queue }: Parts, counts: CaptureCounts, { seen, file }: SeenFile): void {
  const { path, stats } = seen.item;
  const { size, blobs, mode, mtimeNs, ctimeNs, sparse, isStable } = file;
  const hardLinkOf = file.path.equals(path) ? null : file.path;
  const identity = { size: BigInt(size), mtimeNs, ctimeNs, ino: stats.ino, dev: stats.dev };
  counts.files += 1;
  counts.bytes += size;
  queue.push({
    path,
    entry: { path, mode, mtimeUs: toMicroseconds(mtimeNs), type: "file", size, sparse, hardLinkOf },
    blobs,
    identity: isStable ? identity : null,
    before: seen.before,
  });
}

/** One that is complete as it is. Null: it has gone since it was seen. */
function pushEntry(
  { queue }: Parts,
  counts: CaptureCounts,
  { seen, entry }: { seen: SeenItem; entry: Buffer | null },
): void {
  if (entry === null) return;
  const { path, stats, type } = seen.item;
  if (type === "file") {
    counts.files += 1;
    counts.bytes += Number(stats.size);
  } else if (type === "directory") counts.directories += 1;
  else counts.others += 1;
  queue.push({ path, entry, blobs: [], identity: identityOf(stats), before: seen.before });
}

/** A file whose content is known and stored, so that it needs no reading. */
function storedFile({ known, index }: Parts, { item, local, isUnchanged }: SeenItem): CapturedContent | null {
  const file = { ...contentOf(item, item.stats), isStable: true };
  if (file.size === 0) return { ...file, blobs: [] };
  if (!isTrusted(local, item)) return null;
  const [entry] = readEntries(local.entry);
  if (entry?.type !== "file") return null;
  if (!isUnchanged) known.fillIndex();
  const blobs = entry.blobs.map((blob) => {
    const found = index.find(blob.sha256);
    return found === -1 && isUnchanged ? index.addRef(blob) : found;
  });
  return blobs.includes(-1) ? null : { ...file, blobs };
}

async function readFile({ files, omit }: Parts, item: WalkItem): Promise<CapturedContent | null> {
  const captured = await files.read(item);
  if (captured === "gone") return null;
  if (typeof captured !== "string") return { ...contentOf(item, captured.stats), ...pick(captured) };
  omit(item.path, captured);
  return null;
}

const pick = ({ blobs, size, isStable }: CapturedFile) => ({ blobs, size, isStable });
const toMicroseconds = (ns: bigint): number => Number(ns / 1000n);
const modeOf = (stats: BigIntStats): number => Number(stats.mode) & 0o7777;

function contentOf({ path }: WalkItem, stats: BigIntStats): Omit<CapturedContent, "blobs" | "isStable"> {
  const { mtimeNs, ctimeNs } = stats;
  const sparse = stats.size > SPARSE_BYTES && stats.blocks * 512n < stats.size;
  return { path, size: Number(stats.size), mode: modeOf(stats), mtimeNs, ctimeNs, sparse };
}

/** Null when it has gone since it was seen. */
function encodeOther({ path, absolute, type, stats }: WalkItem): Buffer | null {
  const base = { path, mode: modeOf(stats), mtimeUs: toMicroseconds(stats.mtimeNs) };
  if (type === "directory" || type === "fifo") return encodeEntry({ ...base, type });
  try {
    return encodeEntry({ ...base, type: "symlink", target: readlinkSync(absolute, "buffer") });
  } catch {
    return null;
  }
}
