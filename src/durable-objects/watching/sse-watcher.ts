// One watcher over server-sent events: gives its stream the next events when that asks for more, and never more.
import { formatLastSse, type LastFrame, SSE_KEEP_ALIVE } from "../../shared/watching/frames.ts";
import { decideWatchStep, type WatchStep } from "../../shared/watching/watch-policy.ts";
import { createSsePipe } from "./sse-pipe.ts";
import type { Over, Watcher, WatcherParts } from "./watcher.ts";

const encoder = new TextEncoder();

export type SseWatch = { stream: ReadableStream<Uint8Array>; watcher: Watcher };

/** `onClosed` is called once, however the watch ends. */
export function createSseWatch(parts: WatcherParts, afterCursor: number, onClosed: () => void): SseWatch {
  const { frames, clock, limits } = parts;
  const openedAtMs = clock.nowMs();
  const pipe = createSsePipe(clock, { onRoom: () => pump(), onGone: () => close() });
  let cursor = afterCursor;
  let previews: Uint8Array[] = [];
  let isOpen = true;

  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    clearInterval(beat);
    onClosed();
  };
  const finish = (last: LastFrame): void => {
    pipe.write(encoder.encode(formatLastSse(last)));
    pipe.close();
    close();
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
    pipe.write(join(chunks));
  };
  const pump = (): void => {
    if (!isOpen) return;
    const over = parts.over();
    const step = decide(over);
    if (step === "send") sendNext();
    else if (step === "end" && over !== null) finish({ kind: "end", cursor, ...over });
    else if (step === "cut_off_slow") finish({ kind: "cut_off", cursor, reason: "slow" });
    else if (step === "cut_off_expired") finish({ kind: "cut_off", cursor, reason: "expired" });
  };
  const beat = setInterval(() => {
    pump();
    const silentForMs = clock.nowMs() - pipe.lastWriteMs();
    if (isOpen && pipe.hasRoom() && silentForMs >= limits.keepAliveMs) pipe.write(encoder.encode(SSE_KEEP_ALIVE));
  }, limits.keepAliveMs);

  return {
    stream: pipe.stream,
    watcher: {
      pump,
      preview({ sse }) {
        const waiting = previews.reduce((sum, chunk) => sum + chunk.byteLength, 0);
        if (!isOpen || cursor < frames.cursor() || waiting + sse.byteLength > limits.maxPreviewBytes) return;
        previews.push(sse);
        pump();
      },
    },
  };
}

/** A copy, always: the stream hands its chunks on, and frames are shared by all watchers. */
function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
