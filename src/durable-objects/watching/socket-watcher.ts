// One watcher over a WebSocket: sends within a window of unacknowledged bytes, and goes on after the object left memory.
import { z } from "zod";
import type { Failure } from "../../shared/errors/app-error.ts";
import {
  type AnswerFrame,
  type ClientFrame,
  clientFrameSchema,
  MAX_CLIENT_FRAME_CHARACTERS,
  type SocketFrame,
} from "../../shared/watching/frames.ts";
import {
  acknowledge,
  bytesOf,
  decideWatchStep,
  fitsWindow,
  type InFlight,
} from "../../shared/watching/watch-policy.ts";
import type { EventFrame } from "./frame-source.ts";
import { lastFrameOf, type Watcher, type WatcherParts } from "./watcher.ts";

/** Kept with the socket while the object is not in memory. */
const attachmentSchema = z.object({
  /** The newest event that was sent. */
  cursor: z.int().nonnegative(),
  in_flight_bytes: z.int().nonnegative(),
  blocked_since_ms: z.number().nullable(),
  opened_at_ms: z.number(),
  answers_as: z.string().nullable().default(null),
});
type Attachment = z.infer<typeof attachmentSchema>;

/** Close codes: the ends that we choose (1013: try again later), a frame that is none, and a failure of ours. */
const CLOSE = { end: 1000, cut_off: 1013, not_understood: 1003, stopped: 1012 } as const;
/** So that the time is up for sure when the timer says so. */
const STALL_MARGIN_MS = 50;
const USAGE = 'Send {"kind":"cursor","seq":<the newest event that you have>}.';

export type SocketWatcher = Watcher & {
  /** The watcher said something. */
  hear(message: string | ArrayBuffer): Promise<void>;
};

export type SocketWatcherParts = WatcherParts & {
  /** Called once when we end the watch. */
  onClosed(): void;
  /** Looks at the person's right first: the socket may be older than their leaving. */
  answerPermission(frame: AnswerFrame, userId: string): Promise<Failure | null>;
};

export function startAttachment(cursor: number, nowMs: number, answersAs: string | null): Attachment {
  return { cursor, in_flight_bytes: 0, blocked_since_ms: null, opened_at_ms: nowMs, answers_as: answersAs };
}

/** Takes a socket up where its attachment says. Null when the attachment is of no version that this build knows. */
export function createSocketWatcher(parts: SocketWatcherParts, socket: WebSocket): SocketWatcher | null {
  const attached = attachmentSchema.safeParse(socket.deserializeAttachment());
  return attached.success ? takeUp(parts, socket, attached.data) : null;
}

function takeUp(parts: SocketWatcherParts, socket: WebSocket, attached: Attachment): SocketWatcher {
  const { frames, clock, limits } = parts;
  let state = attached;
  let isOpen = true;
  let previewBytes = 0;
  // After an absence the single frames are not known any more: they count as one.
  let inFlight: InFlight = state.in_flight_bytes === 0 ? [] : [{ seq: state.cursor, bytes: state.in_flight_bytes }];

  const save = (next: Partial<Attachment>): void => {
    state = { ...state, ...next, in_flight_bytes: bytesOf(inFlight) };
    socket.serializeAttachment(state);
  };
  const stalled = createStallTimer(limits.stallMs + STALL_MARGIN_MS, () => pump());
  const close = (code: number, reason: string): void => {
    if (!isOpen) return;
    isOpen = false;
    stalled.clear();
    socket.close(code, reason);
    parts.onClosed();
  };
  /** Sends until there is nothing more or no room for it. */
  const sendNext = (): void => {
    const { sent, isFull } = sendWindow(parts, { socket, inFlight, cursor: state.cursor });
    const blockedSince = isFull ? (state.blocked_since_ms ?? clock.nowMs()) : null;
    if (isFull) stalled.arm();
    save({ cursor: sent, blocked_since_ms: blockedSince });
  };
  const pump = (): void => {
    if (!isOpen) return;
    if (state.blocked_since_ms === null && state.cursor < frames.cursor()) sendNext();
    const over = parts.over();
    const behind = state.cursor < frames.cursor();
    const timing = { blockedSinceMs: state.blocked_since_ms, openedAtMs: state.opened_at_ms, nowMs: clock.nowMs() };
    const step = decideWatchStep({ behind, over: over !== null, hasRoom: !behind, ...timing }, limits);
    const last = lastFrameOf(step, state.cursor, over);
    if (last === null) return;
    socket.send(JSON.stringify(last));
    close(CLOSE[last.kind], last.kind);
  };
  if (state.blocked_since_ms !== null) stalled.arm();
  return {
    pump,
    stop: () => close(CLOSE.stopped, "Connect again."),
    preview(preview) {
      const size = previewBytes + preview.socket.length;
      if (!isOpen || state.cursor < frames.cursor() || size > limits.maxPreviewBytes) return;
      previewBytes = size;
      socket.send(preview.socket);
    },
    async hear(message) {
      if (!isOpen) return;
      const frame = readFrame(message);
      if (frame?.kind === "answer_permission") return takeAnswer(parts, frame, { socket, userId: state.answers_as });
      if (frame === null || frame.seq > state.cursor) return close(CLOSE.not_understood, USAGE);
      previewBytes = 0;
      inFlight = acknowledge(inFlight, frame.seq);
      stalled.clear();
      save({ blocked_since_ms: null });
      pump();
    },
  };
}

/** A watcher that takes nothing is looked at again when its time is up, even when nothing happens until then. */
function createStallTimer(stallMs: number, onStalled: () => void) {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const clear = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    clear,
    arm() {
      timer ??= setTimeout(() => {
        timer = null;
        onStalled();
      }, stallMs);
    },
  };
}

type Sending = { socket: WebSocket; inFlight: InFlight; cursor: number };

/** Adds what it sends to `inFlight`. */
function sendWindow(parts: WatcherParts, { socket, inFlight, cursor }: Sending): { sent: number; isFull: boolean } {
  let sent = cursor;
  let bytes = bytesOf(inFlight);
  for (let page = parts.frames.after(sent); page.length > 0; page = parts.frames.after(sent)) {
    for (const frame of page) {
      if (!fitsWindow(bytes, sizeOf(frame), parts.limits)) return { sent, isFull: true };
      socket.send(frame.socket);
      inFlight.push({ seq: frame.seq, bytes: sizeOf(frame) });
      bytes += sizeOf(frame);
      sent = frame.seq;
    }
  }
  return { sent, isFull: false };
}

/** Within a few bytes the same over both ways. */
function sizeOf(frame: EventFrame): number {
  return frame.sse.byteLength;
}

function readFrame(message: string | ArrayBuffer): ClientFrame | null {
  if (typeof message !== "string" || message.length > MAX_CLIENT_FRAME_CHARACTERS) return null;
  try {
    return clientFrameSchema.parse(JSON.parse(message));
  } catch {
    return null;
  }
}

const MAY_NOT: Failure = {
  code: "insufficient_scope",
  message: "This connection may watch and not answer: its token lacks the scope permissions:answer.",
};

const NOT_CHECKED: Failure = {
  code: "internal",
  message: "Whether you may answer could not be looked up, so the answer was not taken. Send it again.",
};

/** Says what became of it. Who does not belong to the session any more is let go. */
async function takeAnswer(
  parts: Pick<SocketWatcherParts, "answerPermission" | "onClosed">,
  frame: AnswerFrame,
  { socket, userId }: { socket: WebSocket; userId: string | null },
): Promise<void> {
  const error =
    userId === null ? MAY_NOT : await parts.answerPermission(frame, userId).catch((): Failure => NOT_CHECKED);
  if (socket.readyState !== WebSocket.OPEN) return;
  const { request_id } = frame;
  socket.send(JSON.stringify({ kind: "permission_answered", request_id, error } satisfies SocketFrame));
  if (error?.code === "session_not_found") parts.onClosed();
}
