// Numbers a session's entries and keeps them in a file until they are acknowledged. Memory holds offsets, never contents.
import { MAX_BATCH_BYTES } from "../../shared/limits.ts";
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import { openSpoolFile, type SpoolFile } from "./spool-file.ts";

type WithoutNumber<T> = T extends unknown ? Omit<T, "source_seq" | "occurred_at"> : never;
/** An entry before it has its number and time. */
export type NewEntry = WithoutNumber<RunnerEntry>;

export type EntrySpool = {
  /**
   * Numbers the entry and writes it to the file before it returns. When that fails, a message is refused with a
   * SpoolWriteError; anything else is small, says how a turn stands, and is kept in memory instead.
   */
  record(entry: NewEntry): void;
  lastSeq(): number;
  acknowledgedSeq(): number;
  /** Forgets everything up to `seq`. */
  acknowledge(seq: number): void;
  /** The oldest entries from `seq` on: as many as fit into one batch, at least one; empty when there are none. */
  readFrom(seq: number): { entry: RunnerEntry; bytes: number }[];
  /** Resolves when an entry after `seq` exists, or the spool is closed. */
  whenAfter(seq: number): Promise<void>;
  /** Resolves when everything up to `seq` is acknowledged, or the spool is closed. */
  whenAcknowledged(seq: number): Promise<void>;
  /** Resolves when everything is acknowledged, or the spool is closed. */
  whenEmpty(): Promise<void>;
  close(): void;
};

/** What Claude Code said could not be kept: most likely the disk is full. */
export class SpoolWriteError extends Error {
  constructor(cause: unknown) {
    super("The entry could not be written to the spool", { cause });
    this.name = "SpoolWriteError";
  }
}

/** Where an entry lies: in the file, or in memory when the file took no more. */
type Place = { from: number; bytes: number; text: string | null };

const ENTRIES_PER_BATCH = 500;
/** What a batch has around its entries. */
const ENVELOPE_BYTES = 1024;
/** The file is emptied when all of it is acknowledged and it has grown this large. */
const TRUNCATE_AT_BYTES = 256 * 1024;

/** `acknowledged`: where the numbers of an earlier spool of this session ended. */
export function createEntrySpool(path: string, acknowledged = 0): EntrySpool {
  const file = openSpoolFile(path);
  const changes = createChangeSignal();
  /** Of the entries `acknowledged + 1 …`. */
  let places: Place[] = [];
  let isClosed = false;
  const lastSeq = () => acknowledged + places.length;

  function record(entry: NewEntry): void {
    const numbered = { ...entry, source_seq: lastSeq() + 1, occurred_at: new Date().toISOString() };
    places.push(write(`${JSON.stringify(numbered)}\n`, entry.kind));
    changes.notify();
  }

  function write(line: string, kind: NewEntry["kind"]): Place {
    const from = file.end();
    try {
      file.append(line);
      return { from, bytes: file.end() - from, text: null };
    } catch (error) {
      if (kind === "message") throw new SpoolWriteError(error);
      return { from, bytes: Buffer.byteLength(line), text: line };
    }
  }

  function acknowledge(seq: number): void {
    const count = Math.min(seq, lastSeq()) - acknowledged;
    if (count <= 0) return;
    places = places.slice(count);
    acknowledged += count;
    if (places.length === 0 && file.end() > TRUNCATE_AT_BYTES) file.empty();
    changes.notify();
  }

  function readFrom(seq: number): { entry: RunnerEntry; bytes: number }[] {
    const first = Math.max(seq, acknowledged + 1) - acknowledged - 1;
    const batch: Place[] = [];
    let total = 0;
    for (const place of places.slice(first, first + ENTRIES_PER_BATCH)) {
      if (batch.length > 0 && total + place.bytes > MAX_BATCH_BYTES - ENVELOPE_BYTES) break;
      batch.push(place);
      total += place.bytes;
    }
    return readPlaces(file, batch);
  }

  function close(): void {
    if (!isClosed) file.close();
    isClosed = true;
    changes.notify();
  }

  return {
    record,
    lastSeq,
    acknowledgedSeq: () => acknowledged,
    acknowledge,
    readFrom,
    whenAfter: (seq) => changes.when(() => isClosed || lastSeq() > seq),
    whenAcknowledged: (seq) => changes.when(() => isClosed || acknowledged >= seq),
    whenEmpty: () => changes.when(() => isClosed || places.length === 0),
    close,
  };
}

/** What lies in the file side by side is read in one step. */
function readPlaces(file: SpoolFile, places: readonly Place[]): { entry: RunnerEntry; bytes: number }[] {
  const inFile = places.filter(({ text }) => text === null);
  const from = inFile[0]?.from ?? 0;
  const last = inFile.at(-1);
  const bytes = last === undefined ? Buffer.alloc(0) : file.read(from, last.from + last.bytes - from);
  const textOf = (place: Place) =>
    place.text ?? bytes.toString("utf8", place.from - from, place.from - from + place.bytes);
  // The spool is this process's own: what it wrote is what it reads.
  return places.map((place) => ({ entry: JSON.parse(textOf(place)) as RunnerEntry, bytes: place.bytes }));
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
