// One watcher over server-sent events: gives its stream the next events when that asks for more, and never more.
import { formatLastSse, SSE_KEEP_ALIVE } from "../../shared/watching/frames.ts";
import { decideWatchStep, type WatchStep } from "../../shared/watching/watch-policy.ts";
import { concatBytes } from "../../shared/concat-bytes.ts";
import { createSsePipe } from "./sse-pipe.ts";
import { lastFrameOf, type Over, type Watcher, type WatcherParts } from "./watcher.ts";

const encoder = new TextEncoder();

export type SseWatch = { stream: ReadableStream<Uint8Array>; watcher: Watcher };

/** `onClosed` is called when the watch ends, however it does. */
export function createSseWatch(parts: WatcherParts, afterCursor: number, onClosed: () => void): SseWatch {
  const { frames, clock, limits } = parts;
  const openedAtMs = clock.nowMs();
  const pipe = createSsePipe(clock, { onRoom: () => pump(), onGone: onClosed });
  let cursor = afterCursor;
  let previews: Uint8Array[] = [];
  let isOpen = true;

  const stop = (): void => {
    isOpen = false;
    clearInterval(beat);
    pipe.close();
  };
  const decide = (over: Over | null): WatchStep => {
    const hasRoom = pipe.hasRoom();
    const behind = hasRoom && (previews.length > 0 || cursor < frames.cursor());
    const facts = { behind, over: over !== null, hasRoom, blockedSinceMs: pipe.blockedSinceMs() };
    return decideWatchStep({ ...facts, openedAtMs, nowMs: clock.nowMs() }, limits);
  };
  /** Previews go first: they were taken only while every event before them had been sent. */
  const sendNext = (): void => {
    const chunks = previews;
    previews = [];
    let bytes = 0;
    for (const frame of frames.after(cursor)) {
      if (bytes > 0 && bytes + frame.sse.byteLength > limits.maxChunkBytes) break;
      bytes += frame.sse.byteLength;
      chunks.push(frame.sse);
      cursor = frame.seq;
    }
    // Nothing there yet, as of a log that is being fetched: the bell says when it is.
    // A copy: the stream hands its chunks on, and frames are shared by all watchers.
    if (chunks.length > 0) pipe.write(concatBytes(chunks));
  };
  const pump = (): void => {
    if (!isOpen) return;
    const over = parts.over();
    const step = decide(over);
    if (step === "send") sendNext();
    const last = lastFrameOf(step, cursor, over);
    if (last === null) return;
    pipe.write(encoder.encode(formatLastSse(last)));
    pipe.close();
    onClosed();
  };
  const beat = setInterval(() => {
    pump();
    // Also how it shows that the other side is gone: nothing else is written while nothing happens.
    if (isOpen && pipe.hasRoom()) pipe.write(encoder.encode(SSE_KEEP_ALIVE));
  }, limits.keepAliveMs);

  return {
    stream: pipe.stream,
    watcher: {
      pump,
      stop,
      preview({ sse }) {
        const waiting = previews.reduce((sum, chunk) => sum + chunk.byteLength, 0);
        if (!isOpen || cursor < frames.cursor() || waiting + sse.byteLength > limits.maxPreviewBytes) return;
        previews.push(sse);
        pump();
      },
    },
  };
}
