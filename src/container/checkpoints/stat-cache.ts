// Remembers what a scan or a restore left on the disk: entries, and by which times and numbers a file is known again.
//
// A file in the engine's own folder, sorted as the entry list is, read and written as a stream. Writing:
//   const writer = createStatCacheWriter(statCachePath(stateDir), quietSinceNs);
//   writer.add(entryBytes, identityOf(stats));   // every entry of the tree, in order; identity null: never trusted
//   writer.commit(treeIdOf(tree));               // or writer.discard(): the file of before stays
// `quietSinceNs`: nobody else changed a file between its identity was taken and that moment, or the identity was taken
// after it. A scan gives its beginning. Null: whoever adds has judged each identity. Reading:
//   const cache = readStatCache(statCachePath(stateDir));    // null when there is none, or a damaged one
//   cache.treeId, for (const record of cache.records()) …    // record.isTrusted(stats)
import { crc32 } from "node:zlib";
import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Tree } from "../../shared/checkpoints/format.ts";

/** By what a file is known again. */
export type LocalIdentity = { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint; dev: bigint };

export type CachedRecord = {
  /** As writeEntry wrote it. A view of a larger buffer: who keeps many of them copies them. */
  entry: Buffer;
  path: Buffer;
  /** The file is the one that was read then, unchanged. False as well for a time too young to say. */
  isTrusted(stats: BigIntStats): boolean;
};

export type StatCache = {
  /** treeIdOf the tree that it describes. */
  treeId: string;
  count: number;
  /** From the first on. Closes its file at the end, or when it is left. */
  records(): Generator<CachedRecord, void>;
  /** Whether those few bytes stand in it anywhere: a fraction of what it takes to look at each record. */
  mentions(bytes: Buffer): boolean;
};

export type StatCacheWriter = {
  /** `entry` as writeEntry gives it. `identity` null: known, never trusted. Throws `disk_full`. */
  add(entry: Uint8Array, identity: LocalIdentity | null): void;
  commit(treeId: string): void;
  discard(): void;
};

/** Times as young as this against the clock may hide a change: kernels stamp files by a coarse clock. */
export const QUIET_NS = 20_000_000n;

const MAGIC = Buffer.from("BSC\x01");
const HEADER_BYTES = 64;
/** Length of the entry, where its path begins and how long it is, and five numbers. */
const RECORD_BYTES = 8 + 40;
const BUFFER_BYTES = 256 * 1024;

export const statCachePath = (stateDir: string): string => join(stateDir, "stat-cache");
export const clockNs = (): bigint => BigInt(Date.now()) * 1_000_000n;

export function identityOf({ size, mtimeNs, ctimeNs, ino, dev }: BigIntStats): LocalIdentity {
  return { size, mtimeNs, ctimeNs, ino, dev };
}

/** Names a tree by its chunks: 64 hex digits. */
export function treeIdOf(tree: Pick<Tree, "chunks">): string {
  const hash = createHash("sha256");
  for (const chunk of tree.chunks) hash.update(chunk.sha256, "hex");
  return hash.digest("hex");
}

export function createStatCacheWriter(path: string, quietSinceNs: bigint | null): StatCacheWriter {
  const beside = `${path}.new`;
  const file = sayFullDisk(() => openSync(beside, "w", 0o600));
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let at = HEADER_BYTES;
  let checksum = 0;
  let count = 0;
  let isOpen = true;
  // The header's room; it is written last, so that a file that was not finished has none.
  sayFullDisk(() => writeSync(file, buffer, 0, HEADER_BYTES, 0));
  let filled = 0;

  function flush(bytes: Uint8Array): void {
    checksum = crc32(bytes, checksum);
    sayFullDisk(() => writeAll(file, bytes, at));
    at += bytes.length;
  }
  function append(bytes: Uint8Array): void {
    if (filled + bytes.length > BUFFER_BYTES) {
      flush(buffer.subarray(0, filled));
      filled = 0;
    }
    if (bytes.length > BUFFER_BYTES) return flush(bytes);
    buffer.set(bytes, filled);
    filled += bytes.length;
  }
  const head = Buffer.alloc(RECORD_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, RECORD_BYTES);
  return {
    add(entry, identity) {
      const isKnownAgain = identity !== null && (quietSinceNs === null || isQuiet(identity, quietSinceNs));
      head.fill(0);
      view.setUint32(0, entry.length, true);
      if (isKnownAgain) writeIdentity(view, identity);
      append(head);
      append(entry);
      count += 1;
    },
    commit(treeId) {
      flush(buffer.subarray(0, filled));
      const header = encodeHeader({ treeId, count, length: at - HEADER_BYTES, checksum });
      sayFullDisk(() => writeAll(file, header, 0));
      closeSync(file);
      isOpen = false;
      renameSync(beside, path);
    },
    discard() {
      if (isOpen) closeSync(file);
      isOpen = false;
      rmSync(beside, { force: true });
    },
  };
}

/** Old enough at that moment that a change after it shows in its times. */
export function isQuiet({ mtimeNs, ctimeNs }: Pick<LocalIdentity, "mtimeNs" | "ctimeNs">, atNs: bigint): boolean {
  const youngest = atNs - QUIET_NS;
  return mtimeNs < youngest && ctimeNs < youngest;
}

function writeIdentity(head: DataView, { size, mtimeNs, ctimeNs, ino, dev }: LocalIdentity): void {
  head.setBigInt64(8, mtimeNs, true);
  head.setBigInt64(16, ctimeNs, true);
  head.setBigUint64(24, ino, true);
  head.setBigUint64(32, dev, true);
  head.setBigInt64(40, size, true);
}

type Header = { treeId: string; count: number; length: number; checksum: number };

function encodeHeader({ treeId, count, length, checksum }: Header): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.write(treeId, 4, "hex");
  header.writeUIntLE(count, 36, 6);
  header.writeUIntLE(length, 42, 6);
  header.writeUInt32LE(checksum, 48);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  return header;
}

function decodeHeader(header: Buffer): Header | null {
  if (!header.subarray(0, 4).equals(MAGIC) || header.readUInt32LE(60) !== crc32(header.subarray(0, 60))) return null;
  return {
    treeId: header.toString("hex", 4, 36),
    count: header.readUIntLE(36, 6),
    length: header.readUIntLE(42, 6),
    checksum: header.readUInt32LE(48),
  };
}

/** Null when there is none, or when it is not whole to the last bit. */
export function readStatCache(path: string): StatCache | null {
  try {
    const file = openSync(path, "r");
    try {
      const first = Buffer.alloc(HEADER_BYTES);
      if (readSync(file, first, 0, HEADER_BYTES, 0) !== HEADER_BYTES) return null;
      const header = decodeHeader(first);
      if (header === null || fstatSync(file).size !== HEADER_BYTES + header.length) return null;
      if (checksumOf(file) !== header.checksum) return null;
      return {
        treeId: header.treeId,
        count: header.count,
        records: () => readRecords(path),
        mentions: (bytes) => mentions(path, bytes),
      };
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function mentions(path: string, bytes: Buffer): boolean {
  const file = openSync(path, "r");
  const window = Buffer.allocUnsafe(BUFFER_BYTES);
  try {
    for (let [kept, at] = [0, 0]; ;) {
      const read = readSync(file, window, kept, BUFFER_BYTES - kept, at);
      if (read === 0) return false;
      const filled = window.subarray(0, kept + read);
      if (filled.includes(bytes)) return true;
      // What began at the end goes on in the next part.
      kept = Math.min(bytes.length - 1, filled.length);
      window.copyWithin(0, filled.length - kept, filled.length);
      at += read;
    }
  } finally {
    closeSync(file);
  }
}

function checksumOf(file: number): number {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let checksum = 0;
  for (let at = HEADER_BYTES; ;) {
    const read = readSync(file, buffer, 0, BUFFER_BYTES, at);
    if (read === 0) return checksum;
    checksum = crc32(buffer.subarray(0, read), checksum);
    at += read;
  }
}

function* readRecords(path: string): Generator<CachedRecord, void> {
  const file = openSync(path, "r");
  let window = Buffer.alloc(BUFFER_BYTES);
  let [start, end, at] = [0, 0, HEADER_BYTES];
  function need(bytes: number): boolean {
    if (end - start >= bytes) return true;
    // A new buffer, never the old one moved: who still holds a record's bytes keeps them.
    const next = Buffer.allocUnsafe(Math.max(BUFFER_BYTES, bytes));
    window.copy(next, 0, start, end);
    [window, end, start] = [next, end - start, 0];
    const read = readSync(file, window, end, window.length - end, at);
    at += read;
    end += read;
    return end >= bytes;
  }
  try {
    while (need(RECORD_BYTES)) {
      const length = window.readUInt32LE(start);
      if (!need(RECORD_BYTES + length)) throw new RangeError("the stat cache ends too early");
      const record = window.subarray(start, start + RECORD_BYTES + length);
      start += RECORD_BYTES + length;
      yield asRecord(record);
    }
  } finally {
    closeSync(file);
  }
}

function asRecord(record: Buffer): CachedRecord {
  const entry = record.subarray(RECORD_BYTES);
  return {
    entry,
    path: pathOf(entry),
    isTrusted: (stats) =>
      record.readBigInt64LE(16) !== 0n &&
      record.readBigInt64LE(8) === stats.mtimeNs &&
      record.readBigInt64LE(16) === stats.ctimeNs &&
      record.readBigUInt64LE(24) === stats.ino &&
      record.readBigUInt64LE(32) === stats.dev &&
      record.readBigInt64LE(40) === stats.size,
  };
}

/** An entry begins with its type, the length of its path, and the path (entry-codec). */
function pathOf(entry: Buffer): Buffer {
  let length = 0;
  let at = 1;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = entry.readUInt8(at++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return entry.subarray(at, at + length);
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** Throws `disk_full` for what the system says of one. */
export function sayFullDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    throw new AppError("disk_full", "The sandbox's disk is full. Free some space in it, then try again.");
  }
}
