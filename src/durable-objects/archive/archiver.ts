// Moves an ended session's events to R2, object by object: written under its SHA-256, read back, then the rows go.
import { CHUNK_LIMITS, decideArchive, placeEvent, type ChunkLimits } from "../../shared/archive/archive-policy.ts";
import type { SessionStatus } from "../../shared/sessions/schema.ts";
import type { EventJson } from "../events/event-store.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import { concatBytes } from "../../shared/concat-bytes.ts";
import { exportBytesOf } from "./export-size.ts";
import type { ArchiveChunk, ArchiveStore } from "./archive-store.ts";
import { archiveKey, type ArchiveBucket } from "./archive-keys.ts";
import { compress } from "./zstd.ts";

type Parts = Pick<SessionLogParts, "storage" | "sessions" | "turns" | "events" | "clock"> & {
  archive: ArchiveStore;
  bucket: ArchiveBucket;
  afterMs: number;
  archiveAt(atMs: number): void;
  limits?: ChunkLimits;
};

/** Only then is it worth counting. */
const OVER: readonly SessionStatus[] = ["ended", "failed"];

export type Archiver = {
  /** Has the alarm look at the session when its time may be over. */
  schedule(): void;
  /** Moves one object's worth of events when it is time, and has the rest looked at again. */
  run(): Promise<void>;
};

export function createArchiver(parts: Parts): Archiver {
  const { clock, events } = parts;

  const decide = () => {
    const { status, updated_at } = parts.sessions.get();
    const openTurns = parts.turns.open().length + parts.turns.unreleased().length;
    const facts = { status, updatedAtMs: Date.parse(updated_at), openTurns, liveEvents: events.liveCount() };
    return decideArchive({ ...facts, nowMs: clock.nowMs() }, parts.afterMs);
  };
  const schedule = (): void => {
    if (!OVER.includes(parts.sessions.get().status)) return;
    const decision = decide();
    if (decision.step === "archive") parts.archiveAt(clock.nowMs());
    if (decision.step === "later") parts.archiveAt(decision.atMs);
  };

  return {
    schedule,
    async run() {
      if (decide().step === "archive") await moveOneObject(parts);
      schedule();
    },
  };
}

async function moveOneObject(parts: Parts): Promise<void> {
  const firstSeq = parts.archive.lastSeq() + 1;
  // The same rows give the same name: an object whose rows were not removed yet is written again, not twice.
  const key = archiveKey(parts.sessions.get(), firstSeq);
  const { chunks, whole } = buildObject(parts, key);
  const sha256 = await crypto.subtle.digest("SHA-256", whole);
  await parts.bucket.put(key, whole, { sha256, httpMetadata: { contentType: "application/zstd" } });
  const stored = await parts.bucket.get(key);
  if (stored === null) throw new Error("an archive that was just written is missing");
  const readBack = await crypto.subtle.digest("SHA-256", await stored.arrayBuffer());
  if (!isSame(sha256, readBack)) throw new Error("an archive reads back as something else");
  parts.storage.transactionSync(() => {
    // Somebody else may have moved them meanwhile.
    if (parts.archive.lastSeq() + 1 === firstSeq) parts.archive.replaceRows(chunks);
  });
}

function buildObject({ events, archive, limits = CHUNK_LIMITS }: Parts, key: string) {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  const chunks: ArchiveChunk[] = [];
  let offset = 0;
  for (const chunk of cutChunks(events.scanJson(archive.lastSeq()), limits)) {
    const frame = compress(chunk.map(({ json }) => `${json}\n`).join(""));
    const [first_seq, last_seq] = [chunk[0]?.seq ?? 0, chunk.at(-1)?.seq ?? 0];
    const export_bytes = chunk.reduce((sum, event) => sum + exportBytesOf(event), 0);
    chunks.push({ first_seq, last_seq, object_key: key, offset, bytes: frame.length, export_bytes });
    frames.push(frame);
    offset += frame.length;
  }
  return { chunks, whole: concatBytes(frames) };
}

/** The chunks of one object. */
function* cutChunks(events: Iterable<EventJson>, limits: ChunkLimits): Generator<EventJson[]> {
  let chunk: EventJson[] = [];
  const bytes = { event: 0, chunk: 0, object: 0 };
  for (const event of events) {
    bytes.event = event.json.length + 1;
    const place = placeEvent(bytes, limits);
    if (place === "full") break;
    if (place === "new_chunk") {
      yield chunk;
      chunk = [];
      bytes.chunk = 0;
    }
    chunk.push(event);
    bytes.chunk += bytes.event;
    bytes.object += bytes.event;
  }
  if (chunk.length > 0) yield chunk;
}

function isSame(one: ArrayBuffer, other: ArrayBuffer): boolean {
  const bytes = new Uint8Array(other);
  return new Uint8Array(one).every((byte, index) => byte === bytes[index]) && one.byteLength === other.byteLength;
}
