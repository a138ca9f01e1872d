// Decides what is due for one watcher: what a cursor means, whether there is room, when it is cut off, when it is done.

export type WatchLimits = {
  /** A stream gets a comment this often, which keeps it open and shows whether anybody is there. */
  keepAliveMs: number;
  /** A watcher that takes nothing for this long is cut off. */
  stallMs: number;
  /** A watch is cut off after this long, so that the right to it is looked at again. */
  maxWatchMs: number;
  /** Bytes of one write to a stream, unless a single event is larger. */
  maxChunkBytes: number;
  /** Bytes that a WebSocket may be sent beyond what it acknowledged. */
  maxUnacknowledgedBytes: number;
  /** Previews that wait for one watcher; more are dropped. */
  maxPreviewBytes: number;
};

export const WATCH_LIMITS: WatchLimits = {
  keepAliveMs: 15_000,
  stallMs: 30_000,
  maxWatchMs: 60 * 60_000,
  maxChunkBytes: 64 * 1024,
  maxUnacknowledgedBytes: 1024 * 1024,
  maxPreviewBytes: 128 * 1024,
};

/** A ticket for a browser opens one watch within this time. */
export const WATCH_TICKET_TTL_MS = 60_000;

const CURSOR = /^\d{1,15}$/;

/** The cursor that a request names: `Last-Event-ID`, else `?after=`, else the beginning. Null when it is malformed. */
export function readWatchCursor(lastEventId: string | null, after: string | null): number | null {
  const text = lastEventId ?? after ?? "0";
  return CURSOR.test(text) ? Number(text) : null;
}

export type WatchFacts = {
  /** Events are stored that the watcher was not sent. */
  behind: boolean;
  /** The session has ended, and nothing more will come. */
  over: boolean;
  hasRoom: boolean;
  /** Since when there is no room; null while there is some. */
  blockedSinceMs: number | null;
  openedAtMs: number;
  nowMs: number;
};

export type WatchStep = "send" | "wait" | "end" | "cut_off_slow" | "cut_off_expired";

export function decideWatchStep(facts: WatchFacts, limits: WatchLimits): WatchStep {
  if (facts.blockedSinceMs !== null && facts.nowMs - facts.blockedSinceMs >= limits.stallMs) return "cut_off_slow";
  if (facts.nowMs - facts.openedAtMs >= limits.maxWatchMs) return "cut_off_expired";
  if (!facts.hasRoom) return "wait";
  if (facts.behind) return "send";
  return facts.over ? "end" : "wait";
}

/** Whether a frame may be sent on top of what is under way. A frame larger than the window goes alone. */
export function fitsWindow(unacknowledgedBytes: number, frameBytes: number, limits: WatchLimits): boolean {
  return unacknowledgedBytes === 0 || unacknowledgedBytes + frameBytes <= limits.maxUnacknowledgedBytes;
}

/** Frames that are under way to a watcher, oldest first, each with its bytes. */
export type InFlight = { seq: number; bytes: number }[];

/** What stays under way once everything up to `seq` has arrived. */
export function acknowledge(inFlight: InFlight, seq: number): InFlight {
  return inFlight.filter((frame) => frame.seq > seq);
}

export function bytesOf(inFlight: InFlight): number {
  return inFlight.reduce((sum, frame) => sum + frame.bytes, 0);
}
