// The whole bodies of long events: in parts for a model, as a stream for a program.
import { AppError } from "../../shared/errors/app-error.ts";
import type { SessionEvent } from "../../shared/events/event.ts";

/** The part of an R2 bucket that reading needs. */
export type BodyBucket = {
  get(key: string, options?: { range: { offset: number; length: number } }): Promise<StoredBody | null>;
};
type StoredBody = { size: number; body: ReadableStream; arrayBuffer(): Promise<ArrayBuffer> };

type FoundEvent = { event: SessionEvent; body_key: string | null };
/** `bytes` is the whole body's size. */
export type EventPart = { text: string; bytes: number; next_offset: number | null };

export type EventBodies = {
  readPart(found: FoundEvent, range: { offset: number; maxBytes: number }): Promise<EventPart>;
  /** The whole, unbuffered. */
  stream(found: FoundEvent): Promise<{ body: ReadableStream | string; bytes: number | null }>;
};

export function createEventBodies(bucket: BodyBucket): EventBodies {
  return {
    async readPart(found, { offset, maxBytes }) {
      if (found.body_key === null || found.event.body === undefined) {
        return cutPart(new TextEncoder().encode(JSON.stringify(found.event)), offset, maxBytes);
      }
      const bytes = found.event.body.bytes;
      if (offset >= bytes) throw pastTheEnd(bytes);
      const length = Math.min(maxBytes, bytes - offset);
      const stored = await bucket.get(found.body_key, { range: { offset, length } });
      if (stored === null) throw gone();
      return toPart(new Uint8Array(await stored.arrayBuffer()), offset, bytes);
    },
    async stream(found) {
      if (found.body_key === null) return { body: JSON.stringify(found.event), bytes: null };
      const stored = await bucket.get(found.body_key);
      if (stored === null) throw gone();
      return { body: stored.body, bytes: stored.size };
    },
  };
}

function cutPart(whole: Uint8Array, offset: number, maxBytes: number): EventPart {
  if (offset >= whole.length) throw pastTheEnd(whole.length);
  return toPart(whole.subarray(offset, offset + maxBytes), offset, whole.length);
}

/** Ends a part before a character that the range cuts in two; the next part begins with it. */
function toPart(bytes: Uint8Array, offset: number, total: number): EventPart {
  const isLast = offset + bytes.length >= total;
  const whole = isLast ? bytes : bytes.subarray(0, lastCharacterEnd(bytes));
  const end = offset + whole.length;
  return { text: new TextDecoder().decode(whole), bytes: total, next_offset: isLast ? null : end };
}

function lastCharacterEnd(bytes: Uint8Array): number {
  let start = bytes.length - 1;
  while (start > 0 && bytes.length - start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? start : bytes.length;
}

function pastTheEnd(bytes: number): AppError {
  return new AppError("invalid_argument", `offset is past the end: the whole has ${bytes} bytes.`);
}

function gone(): AppError {
  return new AppError("not_found", "The event's whole body is not stored any more.");
}
