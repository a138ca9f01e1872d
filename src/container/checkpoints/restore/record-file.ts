// Records in a file, one after the other: a list of any size is kept in bounded memory.
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { ByteReader, ByteWriter } from "../../../shared/checkpoints/byte-io.ts";

const FLUSH_BYTES = 1024 * 1024;
/** The most that a length takes. */
const LENGTH_BYTES = 8;

export type RecordFile = {
  add(record: Uint8Array): void;
  count(): number;
  /** In the order in which they were added; may be read more than once. Views that stay as they are. */
  [Symbol.iterator](): Iterator<Uint8Array>;
  remove(): void;
};

export function createRecordFile(path: string): RecordFile {
  const fd = openSync(path, "w+", 0o600);
  const writer = new ByteWriter();
  let count = 0;
  let at = 0;
  const flush = (): void => {
    const bytes = writer.take();
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    at += bytes.length;
  };
  return {
    add(record) {
      writer.sized(record);
      count += 1;
      if (writer.length >= FLUSH_BYTES) flush();
    },
    count: () => count,
    *[Symbol.iterator]() {
      flush();
      yield* readRecords(fd);
    },
    remove() {
      closeSync(fd);
      rmSync(path, { force: true });
    },
  };
}

function* readRecords(fd: number): Generator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; ;) {
    const block = Buffer.allocUnsafe(FLUSH_BYTES);
    const read = readSync(fd, block, 0, block.length, at);
    at += read;
    rest = Buffer.concat([rest, block.subarray(0, read)]);
    let used = 0;
    for (let size = sizeAt(rest, used); size !== null; size = sizeAt(rest, used)) {
      yield rest.subarray(size.from, size.to);
      used = size.to;
    }
    rest = rest.subarray(used);
    if (read === 0) return;
  }
}

/** Where the next record lies; null when it is not read yet. */
function sizeAt(bytes: Buffer, at: number): { from: number; to: number } | null {
  let from = at;
  while ((bytes[from] ?? 0) >= 0x80) from += 1;
  from += 1;
  if (from > bytes.length) return null;
  const to = from + new ByteReader(bytes.subarray(at, at + LENGTH_BYTES)).number();
  return to <= bytes.length ? { from, to } : null;
}
