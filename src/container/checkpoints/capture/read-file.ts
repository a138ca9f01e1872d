// Reads one file into blobs: whole when it is small, by pieces where its content says so when it is not.
// What changes while it is read is read again.
import { hash } from "node:crypto";
import { type BigIntStats, chmodSync, closeSync, constants, fchmodSync, fstatSync, openSync } from "node:fs";
import { WHOLE_FILE_BYTES } from "../../../shared/checkpoints/format.ts";
import type { WalkItem } from "../walk/walk-tree.ts";
import { createPieceReader, type ReaderParts, readFully } from "./read-pieces.ts";

export type CapturedFile = {
  blobs: number[];
  size: number;
  /** Of the moment after it was read. */
  stats: BigIntStats;
  /** False: it changed each time it was read. */
  isStable: boolean;
};
export type NotCaptured = "gone" | "unreadable" | "too_large";

export type FileReader = {
  read(item: WalkItem): Promise<CapturedFile | NotCaptured>;
  filesRead(): number;
  bytesRead(): number;
};

const READS = 3;
/** Above this a file's entry, one line for each of its pieces, would not fit into a chunk of the list. */
const MAX_FILE_BYTES = 32 * 1024 ** 3;
/** A file that was swapped for a link or a FIFO since the walk saw it is neither followed nor waited for. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function createFileReader(parts: ReaderParts): FileReader {
  const { known, builder } = parts;
  const readPieces = createPieceReader(parts);
  let [filesRead, bytesRead] = [0, 0];

  function readWhole(file: number, { size }: BigIntStats): { blobs: number[]; size: number } {
    const target = builder.reserve(Number(size));
    const length = readFully(file, target, 0);
    const sha256 = hash("sha256", target.subarray(0, length), "buffer");
    if (length === 0) return { blobs: [], size: 0 };
    const found = known.find(sha256);
    return { blobs: [found === -1 ? builder.keep(length, sha256) : found], size: length };
  }
  async function readStable(file: number, seen: BigIntStats): Promise<CapturedFile> {
    let before = seen;
    for (let reads = 1; ; reads++) {
      const isSmall = before.size <= WHOLE_FILE_BYTES;
      const { blobs, size } = isSmall ? readWhole(file, before) : await readPieces(file, before);
      bytesRead += size;
      const stats = fstatSync(file, { bigint: true });
      const isStable = isSame(before, stats) && BigInt(size) === stats.size;
      if (isStable || reads === READS) return { blobs, size, stats, isStable };
      before = stats;
    }
  }
  return {
    filesRead: () => filesRead,
    bytesRead: () => bytesRead,
    async read({ absolute, stats }) {
      if (stats.size > MAX_FILE_BYTES) return "too_large";
      const file = openToRead(absolute, stats);
      if (typeof file === "string") return file;
      try {
        const opened = isOpenedUp(stats) ? fstatSync(file, { bigint: true }) : stats;
        const captured = await readStable(file, opened);
        filesRead += 1;
        return captured;
      } catch (error) {
        if (isSystemError(error)) return "unreadable";
        throw error;
      } finally {
        closeSync(file);
      }
    },
  };
}

const isOpenedUp = (stats: BigIntStats) => (Number(stats.mode) & 0o400) === 0;

function openToRead(path: Buffer, stats: BigIntStats): number | NotCaptured {
  try {
    return openSync(path, OPEN_FLAGS);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return "gone";
    return code === "EACCES" && isOpenedUp(stats) ? openUp(path, Number(stats.mode) & 0o7777) : "unreadable";
  }
}

/** Ours, but not to be read: its mode is back before its content is read. */
function openUp(path: Buffer, mode: number): number | NotCaptured {
  try {
    chmodSync(path, mode | 0o400);
  } catch {
    return "unreadable";
  }
  try {
    const file = openSync(path, OPEN_FLAGS);
    fchmodSync(file, mode);
    return file;
  } catch {
    return "unreadable";
  }
}

function isSame(before: BigIntStats, after: BigIntStats): boolean {
  const isSameFile = before.ino === after.ino && before.dev === after.dev && before.size === after.size;
  return isSameFile && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
}

const isSystemError = (error: unknown): boolean => typeof (error as NodeJS.ErrnoException).syscall === "string";
