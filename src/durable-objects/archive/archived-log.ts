// Reads the log wherever it lies: newer events from rows, archived ones from R2, a chunk with one ranged read.
import type { EventBody, SessionEvent } from "../../shared/events/event.ts";
import { sessionEventSchema } from "../../shared/events/event.ts";
import type { EventJson, EventStore } from "../events/event-store.ts";
import type { ArchiveBucket } from "./archive-keys.ts";
import type { ArchiveChunk, ArchiveStore } from "./archive-store.ts";
import { decompress } from "./zstd.ts";

/** Chunks that are kept, for the pages and watchers that come to them next. */
const KEPT_CHUNKS = 16;
const LOAD_AGAIN_MS = 1_000;

type PageLimit = { maxEvents: number; maxBytes: number };

export type ArchivedLog = {
  /** In order, after `afterSeq`: at least one when there is one. */
  pageJson(afterSeq: number, limit: PageLimit): Promise<EventJson[]>;
  page(afterSeq: number, limit: PageLimit): Promise<SessionEvent[]>;
  get(seq: number): Promise<SessionEvent | null>;
  /** For watchers, who cannot wait: nothing while a chunk is being read, and the bell once it is there. */
  readonly watchable: Pick<EventStore, "pageJson" | "cursor">;
};

type Parts = {
  events: EventStore;
  archive: ArchiveStore;
  bucket: Pick<ArchiveBucket, "get">;
  onLoaded(): void;
  onError(error: unknown): void;
};

export function createArchivedLog(parts: Parts): ArchivedLog {
  const { events, archive } = parts;
  const chunks = createChunkCache(parts.bucket);
  const chunkAfter = (afterSeq: number): ArchiveChunk | null =>
    afterSeq < archive.lastSeq() ? archive.chunkOf(afterSeq + 1) : null;

  const pageJson: ArchivedLog["pageJson"] = async (afterSeq, limit) => {
    const chunk = chunkAfter(afterSeq);
    if (chunk === null) return events.pageJson(afterSeq, limit);
    return takePage(await chunks.load(chunk), afterSeq, limit);
  };
  const page: ArchivedLog["page"] = async (afterSeq, limit) => {
    if (chunkAfter(afterSeq) === null) return events.page(afterSeq, limit);
    return (await pageJson(afterSeq, limit)).map(({ json }) => sessionEventSchema.parse(JSON.parse(json)));
  };

  return {
    pageJson,
    page,
    async get(seq) {
      const [event] = await page(seq - 1, { maxEvents: 1, maxBytes: 1 });
      return event?.seq === seq ? event : null;
    },
    watchable: {
      cursor: events.cursor,
      pageJson(afterSeq, limit) {
        const chunk = chunkAfter(afterSeq);
        if (chunk === null) return events.pageJson(afterSeq, limit);
        const known = chunks.known(chunk);
        if (known !== null) return takePage(known, afterSeq, limit);
        chunks.load(chunk).then(parts.onLoaded, (error: unknown) => {
          parts.onError(error);
          setTimeout(parts.onLoaded, LOAD_AGAIN_MS);
        });
        return [];
      },
    },
  };
}

function takePage(events: readonly EventJson[], afterSeq: number, limit: PageLimit): EventJson[] {
  const page: EventJson[] = [];
  let bytes = 0;
  for (const event of events) {
    if (event.seq <= afterSeq) continue;
    bytes += event.json.length;
    if (page.length >= limit.maxEvents || (page.length > 0 && bytes > limit.maxBytes)) break;
    page.push(event);
  }
  return page;
}

/** The chunks that were read last. Whoever asks for one that is being read gets the same read. */
function createChunkCache(bucket: Parts["bucket"]) {
  const loaded = new Map<number, EventJson[]>();
  const loading = new Map<number, Promise<EventJson[]>>();

  const read = async (chunk: ArchiveChunk): Promise<EventJson[]> => {
    const events = await readChunk(bucket, chunk);
    loaded.set(chunk.first_seq, events);
    const oldest = loaded.keys().next();
    if (loaded.size > KEPT_CHUNKS && oldest.done !== true) loaded.delete(oldest.value);
    return events;
  };
  return {
    known: (chunk: ArchiveChunk) => loaded.get(chunk.first_seq) ?? null,
    load(chunk: ArchiveChunk): Promise<EventJson[]> {
      const known = loaded.get(chunk.first_seq);
      if (known !== undefined) return Promise.resolve(known);
      const running = loading.get(chunk.first_seq);
      if (running !== undefined) return running;
      const reading = read(chunk).finally(() => loading.delete(chunk.first_seq));
      loading.set(chunk.first_seq, reading);
      return reading;
    },
  };
}

async function readChunk(bucket: Parts["bucket"], chunk: ArchiveChunk): Promise<EventJson[]> {
  const range = { offset: chunk.offset, length: chunk.bytes };
  const object = await bucket.get(chunk.object_key, { range });
  if (object === null) throw new Error("a part of the session's archive is missing");
  const lines = decompress(new Uint8Array(await object.arrayBuffer())).split("\n");
  const events = lines.filter((line) => line !== "").map(toEventJson);
  const isWhole = events[0]?.seq === chunk.first_seq && events.at(-1)?.seq === chunk.last_seq;
  if (!isWhole) throw new Error("a part of the session's archive holds other events");
  return events;
}

function toEventJson(json: string): EventJson {
  const { seq, type, body } = sessionEventSchema.parse(JSON.parse(json));
  return { seq, type, json, body: body ?? (null satisfies EventBody | null) };
}
