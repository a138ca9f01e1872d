// The log as frames for watchers: each event is read and serialised once for all who follow, and again only for replays.
import type { EventType } from "../../shared/events/event.ts";
import { formatSocketEvent, formatSse } from "../../shared/watching/frames.ts";
import type { EventStore } from "../events/event-store.ts";

const PAGE = { maxEvents: 500, maxBytes: 64 * 1024 };
/** Newest frames that are kept, for watchers that come to them a little later than the first. */
const MAX_CACHED_BYTES = 1024 * 1024;

const encoder = new TextEncoder();

export type EventFrame = { seq: number; type: EventType; sse: Uint8Array; socket: string };

export type FrameSource = {
  /** The next frames after that number, in order. Empty when there is none, or none yet: then the bell rings for it. */
  after(seq: number): EventFrame[];
  /** The newest event's number. */
  cursor(): number;
  forget(): void;
};

export function createFrameSource(events: Pick<EventStore, "pageJson" | "cursor">): FrameSource {
  let cached: EventFrame[] = [];
  let cachedBytes = 0;

  const forget = (): void => {
    cached = [];
    cachedBytes = 0;
  };
  const keep = (frames: EventFrame[]): void => {
    for (const frame of frames) {
      cached.push(frame);
      cachedBytes += frame.sse.byteLength;
    }
    let dropped = 0;
    while (cachedBytes > MAX_CACHED_BYTES && dropped < cached.length - 1) {
      cachedBytes -= cached[dropped]?.sse.byteLength ?? 0;
      dropped += 1;
    }
    if (dropped > 0) cached = cached.slice(dropped);
  };

  return {
    forget,
    cursor: () => events.cursor(),
    after(seq) {
      const first = cached[0]?.seq ?? 0;
      const last = cached.at(-1)?.seq ?? 0;
      if (cached.length > 0 && seq + 1 >= first && seq < last) return cached.slice(seq + 1 - first);
      const frames = events.pageJson(seq, PAGE).map(toFrame);
      // A replay of old events passes by; who follows the newest ones moves the cache along.
      if (frames.length === 0 || seq < last) return frames;
      if (seq > last) forget();
      keep(frames);
      return frames;
    },
  };
}

function toFrame({ seq, type, json }: { seq: number; type: EventType; json: string }): EventFrame {
  return { seq, type, sse: encoder.encode(formatSse(type, json, seq)), socket: formatSocketEvent(json) };
}
