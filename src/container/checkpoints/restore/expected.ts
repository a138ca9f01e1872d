// What the workspace will hold after a restore, path by path: written while it is planned, read when it is finished.
import { ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { readEntries, writeEntry } from "../../../shared/checkpoints/entry-codec.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import type { LocalIdentity } from "../stat-cache.ts";
import type { Local } from "./compare.ts";
import { createRecordFile } from "./record-file.ts";

/** `identity`: by what it was known when it was looked at, for what stays as it is; null where a step sees to it. */
export type Expected = { entry: Entry; bytes: Uint8Array; identity: LocalIdentity | null };

export type ExpectedFile = {
  add(entry: Entry, local: Local | null): void;
  [Symbol.iterator](): Iterator<Expected>;
  remove(): void;
};

const NUMBERS = ["size", "mtimeNs", "ctimeNs", "ino", "dev"] as const;
const IDENTITY_BYTES = NUMBERS.length * 8;

export function createExpectedFile(path: string): ExpectedFile {
  const file = createRecordFile(path);
  const writer = new ByteWriter();
  const head = Buffer.alloc(1 + IDENTITY_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return {
    add(entry, local) {
      head.fill(0);
      if (local !== null) writeIdentity(view, local.identity);
      writer.bytes(head);
      writeEntry(writer, entry);
      file.add(writer.take());
    },
    *[Symbol.iterator]() {
      for (const record of file) yield decode(record);
    },
    remove: file.remove,
  };
}

function writeIdentity(head: DataView, identity: LocalIdentity): void {
  head.setUint8(0, 1);
  NUMBERS.forEach((name, index) => head.setBigInt64(1 + index * 8, identity[name], true));
}

function decode(record: Uint8Array): Expected {
  const bytes = record.subarray(1 + IDENTITY_BYTES);
  const [entry] = readEntries(bytes);
  if (entry === undefined) throw new RangeError("a record without its entry");
  const view = new DataView(record.buffer, record.byteOffset + 1, IDENTITY_BYTES);
  const [size = 0n, mtimeNs = 0n, ctimeNs = 0n, ino = 0n, dev = 0n] = NUMBERS.map((name, index) =>
    name === "ino" || name === "dev" ? view.getBigUint64(index * 8, true) : view.getBigInt64(index * 8, true),
  );
  return { entry, bytes, identity: record[0] === 1 ? { size, mtimeNs, ctimeNs, ino, dev } : null };
}
