// An export as a stream: page by page as the reader takes it, long messages straight from R2, never the whole in memory.
import { aroundBody } from "../../shared/archive/export-line.ts";
import { sessionEventSchema } from "../../shared/events/event.ts";
import type { LoggedEvent, LogPage } from "../../shared/rpc/session-api.ts";
import type { SessionSummary } from "../../shared/sessions/schema.ts";
import type { ExportFormat } from "./export-formats.ts";
import { writeEvent, writeHeading } from "./markdown-transcript.ts";

/** The part of an R2 bucket that an export needs. */
export type ExportBucket = { get(key: string): Promise<{ body: ReadableStream<Uint8Array> } | null> };

type ExportParts = {
  readPage(afterSeq: number): Promise<LogPage>;
  bucket: ExportBucket;
  format: ExportFormat;
  session: SessionSummary;
};

const encoder = new TextEncoder();

export function streamExport(parts: ExportParts): ReadableStream<Uint8Array> {
  const pieces = parts.format === "jsonl" ? writeLines(parts) : writeTranscript(parts);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await pieces.return()),
    },
    { highWaterMark: 0 },
  );
}

async function* readPages({ readPage }: ExportParts): AsyncGenerator<LoggedEvent[], void, void> {
  let after = 0;
  for (;;) {
    const { events, has_more } = await readPage(after);
    const last = events.at(-1);
    if (last === undefined) return;
    yield events;
    if (!has_more) return;
    after = last.seq;
  }
}

/** One event per line, as stored; a shortened message stands whole. */
async function* writeLines(parts: ExportParts): AsyncGenerator<Uint8Array, void, void> {
  for await (const events of readPages(parts)) {
    let lines = "";
    for (const { json, body_key } of events) {
      const stored = body_key === null ? null : await parts.bucket.get(body_key);
      if (stored === null) {
        lines += `${json}\n`;
        continue;
      }
      const { head, tail } = aroundBody(json);
      yield encoder.encode(lines + head);
      yield* readAll(stored.body);
      lines = `${tail}\n`;
    }
    if (lines !== "") yield encoder.encode(lines);
  }
}

/** Reading it by hand: a generator that is left early lets go of the body. */
async function* readAll(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

async function* writeTranscript(parts: ExportParts): AsyncGenerator<Uint8Array, void, void> {
  yield encoder.encode(writeHeading(parts.session));
  for await (const events of readPages(parts)) {
    const text = events.map(({ json }) => writeEvent(sessionEventSchema.parse(JSON.parse(json)))).join("");
    if (text !== "") yield encoder.encode(text);
  }
}
