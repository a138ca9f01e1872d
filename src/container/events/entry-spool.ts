// Numbers a session's entries and keeps them in a file until they are acknowledged. Memory holds offsets, never contents.
import { MAX_BATCH_BYTES } from "../../shared/limits.ts";
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import { openSpoolFile } from "./spool-file.ts";

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
  /** Resolves when everything up to `seq` is acknowledged. */
  whenAcknowledged(seq: number): Promise<void>;
  /** Resolves when everything is acknowledged. */
  whenEmpty(): Promise<void>;
  close(): void;
};

const ENTRIES_PER_BATCH = 500;
/** What a batch has around its entries. */
const ENVELOPE_BYTES = 1024;
/** The file is emptied when all of it is acknowledged and it has grown this large. */
const TRUNCATE_AT_BYTES = 256 * 1024;

export function createEntrySpool(path: string): EntrySpool {
  const file = openSpoolFile(path);
  const changes = createChangeSignal();
  /** Ends of the entries `acknowledged + 1 …` in the file. */
  let ends: number[] = [];
  let acknowledged = 0;
  let start = 0;
  const lastSeq = () => acknowledged + ends.length;

  function record(entry: NewEntry): void {
    const numbered = { ...entry, source_seq: lastSeq() + 1, occurred_at: new Date().toISOString() };
    file.append(`${JSON.stringify(numbered)}\n`);
    ends.push(file.end());
    changes.notify();
  }

  function acknowledge(seq: number): void {
    const count = Math.min(seq, lastSeq()) - acknowledged;
    if (count <= 0) return;
    start = ends[count - 1] ?? start;
    ends = ends.slice(count);
    acknowledged += count;
    if (ends.length === 0 && file.end() > TRUNCATE_AT_BYTES) {
      file.empty();
      start = 0;
    }
    changes.notify();
  }

  function readFrom(seq: number): { entry: RunnerEntry; bytes: number }[] {
    const first = Math.max(seq, acknowledged + 1) - acknowledged - 1;
    const found: { entry: RunnerEntry; bytes: number }[] = [];
    let total = 0;
    for (let index = first; index < ends.length && found.length < ENTRIES_PER_BATCH; index++) {
      const from = ends[index - 1] ?? start;
      const bytes = (ends[index] ?? from) - from;
      if (found.length > 0 && total + bytes > MAX_BATCH_BYTES - ENVELOPE_BYTES) break;
      // The spool is this process's own: what it wrote is what it reads.
      found.push({ entry: JSON.parse(file.read(from, bytes)) as RunnerEntry, bytes });
      total += bytes;
    }
    return found;
  }

  return {
    record,
    lastSeq,
    acknowledgedSeq: () => acknowledged,
    acknowledge,
    readFrom,
    whenAfter: (seq) => changes.when(() => lastSeq() > seq),
    whenAcknowledged: (seq) => changes.when(() => acknowledged >= seq),
    whenEmpty: () => changes.when(() => ends.length === 0),
    close: file.close,
  };
}

function createChangeSignal() {
  const waiting = new Set<() => void>();
  return {
    notify(): void {
      for (const wake of waiting) wake();
      waiting.clear();
    },
    async when(condition: () => boolean): Promise<void> {
      while (!condition()) await new Promise<void>((resolve) => waiting.add(resolve));
    },
  };
}
