// Numbers a session's entries and keeps them in a file until they are acknowledged. Memory holds offsets, never contents.
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { MAX_BATCH_BYTES } from "../../shared/limits.ts";
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";

type WithoutNumber<T> = T extends unknown ? Omit<T, "source_seq" | "occurred_at"> : never;
/** An entry before it has its number and time. */
export type NewEntry = WithoutNumber<RunnerEntry>;

export type EntrySpool = {
  /** Numbers the entry and writes it to the file before it returns. */
  record(entry: NewEntry): void;
  lastSeq(): number;
  acknowledgedSeq(): number;
  /** Forgets everything up to `seq`. */
  acknowledge(seq: number): void;
  /** The oldest entries from `seq` on: as many as fit into one batch, at least one; empty when there are none. */
  readFrom(seq: number): { entry: RunnerEntry; bytes: number }[];
  /** Resolves when an entry after `seq` exists. */
  whenAfter(seq: number): Promise<void>;
  /** Resolves when everything is acknowledged. */
  whenEmpty(): Promise<void>;
  close(): void;
};

const ENTRIES_PER_BATCH = 500;
/** The file is emptied when all of it is acknowledged and it has grown this large. */
const TRUNCATE_AT_BYTES = 256 * 1024;

export function createEntrySpool(path: string): EntrySpool {
  const file = openSync(path, "w+", 0o600);
  /** Ends of the entries `acknowledged + 1 …` in the file. */
  let ends: number[] = [];
  let acknowledged = 0;
  let start = 0;
  let end = 0;
  const waiting = new Set<() => void>();

  const lastSeq = () => acknowledged + ends.length;

  function record(entry: NewEntry): void {
    const numbered = { ...entry, source_seq: lastSeq() + 1, occurred_at: new Date().toISOString() };
    const line = Buffer.from(`${JSON.stringify(numbered)}\n`);
    for (let written = 0; written < line.length;) {
      written += writeSync(file, line, written, line.length - written, end + written);
    }
    end += line.length;
    ends.push(end);
    notify();
  }

  function acknowledge(seq: number): void {
    const count = Math.min(seq, lastSeq()) - acknowledged;
    if (count <= 0) return;
    start = ends[count - 1] ?? end;
    ends = ends.slice(count);
    acknowledged += count;
    if (ends.length === 0 && end > TRUNCATE_AT_BYTES) {
      ftruncateSync(file, 0);
      start = 0;
      end = 0;
    }
    notify();
  }

  function readFrom(seq: number): { entry: RunnerEntry; bytes: number }[] {
    const first = Math.max(seq, acknowledged + 1) - acknowledged - 1;
    const found: { entry: RunnerEntry; bytes: number }[] = [];
    let total = 0;
    for (let index = first; index < ends.length && found.length < ENTRIES_PER_BATCH; index++) {
      const from = index === 0 ? start : (ends[index - 1] ?? start);
      const bytes = (ends[index] ?? end) - from;
      if (found.length > 0 && total + bytes > MAX_BATCH_BYTES - 1024) break;
      found.push({ entry: readEntry(from, bytes), bytes });
      total += bytes;
    }
    return found;
  }

  function readEntry(offset: number, bytes: number): RunnerEntry {
    const buffer = Buffer.allocUnsafe(bytes);
    for (let read = 0; read < bytes;) {
      const count = readSync(file, buffer, read, bytes - read, offset + read);
      if (count === 0) throw new Error("The spool file is shorter than what was written to it");
      read += count;
    }
    // The spool is this process's own: what it wrote is what it reads.
    return JSON.parse(buffer.toString("utf8")) as RunnerEntry;
  }

  function notify(): void {
    for (const wake of waiting) wake();
    waiting.clear();
  }

  async function when(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => waiting.add(resolve));
  }

  return {
    record,
    lastSeq,
    acknowledgedSeq: () => acknowledged,
    acknowledge,
    readFrom,
    whenAfter: (seq) => when(() => lastSeq() > seq),
    whenEmpty: () => when(() => ends.length === 0),
    close: () => closeSync(file),
  };
}
