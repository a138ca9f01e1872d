// Remembers files with several names: the first name in order holds the content, the others say so.
// Package managers link by the hundred thousand: what is remembered lies in a file, a few bytes for each in memory.
import { hash } from "node:crypto";
import { type BigIntStats, closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { sayFullDisk } from "../stat-cache.ts";
import { createBlobRecords } from "./blob-records.ts";

export type CapturedContent = {
  /** The first name. */
  path: Buffer;
  blobs: readonly number[];
  size: number;
  mode: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  sparse: boolean;
  /** False: it changed each time it was read. */
  isStable: boolean;
};

export type HardLinks = {
  /** What the first name of that file was found to be. */
  find(stats: BigIntStats): CapturedContent | null;
  add(stats: BigIntStats, first: CapturedContent): void;
  close(): void;
};

const BUFFER_BYTES = 64 * 1024;

export function createHardLinks(folder: string): HardLinks {
  const known = createBlobRecords();
  const writer = new ByteWriter();
  let file: number | null = null;
  let [written, unwritten] = [0, [] as Uint8Array[]];
  let waiting = 0;

  function open(): number {
    if (file !== null) return file;
    const path = join(folder, "hard-links");
    file = openSync(path, "w+", 0o600);
    // It has no name from here on, and goes with this process whatever happens.
    rmSync(path);
    return file;
  }
  function flush(): void {
    const bytes = Buffer.concat(unwritten);
    const target = open();
    for (let done = 0; done < bytes.length;) {
      done += sayFullDisk(() => writeSync(target, bytes, done, bytes.length - done, written + done));
    }
    [written, unwritten, waiting] = [written + bytes.length, [], 0];
  }
  return {
    find(stats) {
      if (stats.nlink < 2n) return null;
      const number = known.find(keyOf(stats));
      if (number === -1) return null;
      if (waiting > 0) flush();
      const { frame: offset, length } = known.place(number);
      const bytes = Buffer.alloc(length);
      readSync(open(), bytes, 0, length, offset);
      return decode(bytes);
    },
    add(stats, first) {
      if (stats.nlink < 2n) return;
      const bytes = encode(writer, first);
      known.add(keyOf(stats), { frame: written + waiting, inner: 0, length: bytes.length });
      unwritten.push(bytes);
      waiting += bytes.length;
      if (waiting >= BUFFER_BYTES) flush();
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

const keyOf = ({ dev, ino }: BigIntStats): Buffer => hash("sha256", `${dev}:${ino}`, "buffer");

function encode(writer: ByteWriter, first: CapturedContent): Uint8Array {
  const times = Buffer.alloc(16);
  times.writeBigInt64LE(first.mtimeNs, 0);
  times.writeBigInt64LE(first.ctimeNs, 8);
  writer.sized(first.path);
  writer.bytes(times);
  for (const value of [first.size, first.mode, Number(first.sparse), Number(first.isStable), ...first.blobs]) {
    writer.number(value);
  }
  return writer.take();
}

function decode(bytes: Buffer): CapturedContent {
  const reader = new ByteReader(bytes);
  const path = Buffer.from(reader.sized());
  const times = Buffer.from(reader.bytes(16));
  const [size, mode, sparse, isStable] = [reader.number(), reader.number(), reader.number(), reader.number()];
  const blobs: number[] = [];
  while (!reader.done) blobs.push(reader.number());
  const [mtimeNs, ctimeNs] = [times.readBigInt64LE(0), times.readBigInt64LE(8)];
  return { path, blobs, size, mode, mtimeNs, ctimeNs, sparse: sparse === 1, isStable: isStable === 1 };
}
