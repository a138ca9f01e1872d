// The writing end of one stream of server-sent events: holds one chunk at most, and knows since when nobody takes it.
import { SSE_OPENING } from "../../shared/watching/frames.ts";
import type { Clock } from "../clock.ts";

export type SsePipe = {
  stream: ReadableStream<Uint8Array>;
  /** True while the other side asks for more. */
  hasRoom(): boolean;
  blockedSinceMs(): number | null;
  write(chunk: Uint8Array): void;
  /** The other side still gets what was written. */
  close(): void;
};

export type SsePipeEnds = {
  /** The other side asks for more. */
  onRoom(): void;
  /** The other side went away. */
  onGone(): void;
};

export function createSsePipe(clock: Clock, ends: SsePipeEnds): SsePipe {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Set while the stream asks for more: tells it that something came. */
  let give: (() => void) | null = null;
  let blockedSinceMs: number | null = clock.nowMs();

  const settle = (): void => {
    const given = give;
    give = null;
    given?.();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(opened) {
        controller = opened;
        opened.enqueue(new TextEncoder().encode(SSE_OPENING));
      },
      pull: () =>
        new Promise((resolve) => {
          give = resolve;
          blockedSinceMs = null;
          ends.onRoom();
        }),
      cancel() {
        controller = null;
        settle();
        ends.onGone();
      },
    },
    // Asked only when the other side takes something: what is under way is one chunk.
    { highWaterMark: 0 },
  );

  return {
    stream,
    hasRoom: () => give !== null,
    blockedSinceMs: () => blockedSinceMs,
    write(chunk) {
      blockedSinceMs = clock.nowMs();
      controller?.enqueue(chunk);
      settle();
    },
    close() {
      controller?.close();
      controller = null;
      settle();
    },
  };
}
