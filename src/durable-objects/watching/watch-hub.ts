// Everybody who watches the session now: opens watches, wakes them when the log grows, and passes previews on.
import { failure, type Answer, answer, type Failure } from "../../shared/errors/app-error.ts";
import {
  type AnswerFrame,
  formatSse,
  SOCKET_PING,
  SOCKET_PONG,
  type PreviewFrame,
} from "../../shared/watching/frames.ts";
import { WATCH_LIMITS, type WatchLimits } from "../../shared/watching/watch-policy.ts";
import type { EventStore } from "../events/event-store.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import { createFrameSource } from "./frame-source.ts";
import { createSocketWatcher, type SocketWatcher, startAttachment } from "./socket-watcher.ts";
import { createSseWatch } from "./sse-watcher.ts";
import type { Over, Watcher, WatcherParts } from "./watcher.ts";

/** The part of an object's state that keeps WebSockets while the object is not in memory. */
export type SocketPort = Pick<DurableObjectState, "acceptWebSocket" | "getWebSockets" | "setWebSocketAutoResponse">;

export type WatchHubParts = Pick<SessionLogParts, "sessions" | "turns" | "bell" | "clock"> & {
  /** May give nothing although there is more, and rings the bell once it can. */
  events: Pick<EventStore, "pageJson" | "cursor">;
  sockets: SocketPort;
  /** The first watcher came, or the last one went. */
  onWatched(watched: boolean): void;
  onError(error: unknown): void;
  /** Takes an answer in that person's name; null when nothing is wrong with it. */
  answerPermission(frame: AnswerFrame, userId: string): Promise<Failure | null>;
  limits?: WatchLimits;
};

export type WatchHub = {
  /** Refused when the cursor is of events that do not exist yet. */
  openStream(afterCursor: number): Answer<ReadableStream<Uint8Array>>;
  /** `answersAs`: the person in whose name its answers to permission requests are taken; null for none. */
  openSocket(afterCursor: number, answersAs?: string | null): Answer<WebSocket>;
  hear(socket: WebSocket, message: string | ArrayBuffer): Promise<void>;
  forget(socket: WebSocket): void;
  preview(frame: PreviewFrame): void;
  isWatched(): boolean;
};

const encoder = new TextEncoder();

export function createWatchHub(parts: WatchHubParts): WatchHub {
  const { bell, clock, limits = WATCH_LIMITS } = parts;
  const frames = createFrameSource(parts.events);
  const shared: WatcherParts = { frames, clock, limits, over: () => readOver(parts) };
  const onWatched = (watched: boolean): void => {
    if (!watched) frames.forget();
    parts.onWatched(watched);
  };
  const crowd = createCrowd(onWatched, parts.onError);
  const pumpSoon = createLatch(crowd.pump);
  const takeUp = (socket: WebSocket): void => {
    const onClosed = (): void => crowd.remove(socket);
    const watcher = createSocketWatcher({ ...shared, onClosed, answerPermission: parts.answerPermission }, socket);
    if (watcher === null) socket.close(1012, "Connect again.");
    else crowd.add(socket, watcher);
  };
  const refuseFuture = (afterCursor: number): ReturnType<typeof failure> | null => {
    if (afterCursor <= frames.cursor()) return null;
    const message = `The session's newest event is ${frames.cursor()}; the cursor ${afterCursor} is not of this session.`;
    return failure("invalid_argument", message);
  };

  bell.onRing(() => {
    if (crowd.size() > 0) pumpSoon();
  });
  restoreSockets(parts.sockets, takeUp);
  if (crowd.size() > 0) pumpSoon();

  return {
    isWatched: () => crowd.size() > 0,
    openStream(afterCursor) {
      const refusal = refuseFuture(afterCursor);
      if (refusal !== null) return refusal;
      const key = {};
      const { stream, watcher } = createSseWatch(shared, afterCursor, () => crowd.remove(key));
      crowd.add(key, watcher);
      return answer(stream);
    },
    openSocket(afterCursor, answersAs = null) {
      const refusal = refuseFuture(afterCursor);
      if (refusal !== null) return refusal;
      const { 0: client, 1: server } = new WebSocketPair();
      parts.sockets.acceptWebSocket(server);
      server.serializeAttachment(startAttachment(afterCursor, clock.nowMs(), answersAs));
      takeUp(server);
      pumpSoon();
      return answer(client);
    },
    hear: async (socket, message) => crowd.socketWatcher(socket)?.hear(message),
    forget: (socket) => crowd.remove(socket),
    preview(frame) {
      if (crowd.size() === 0) return;
      // What was stored before this preview goes first.
      crowd.pump();
      const json = JSON.stringify(frame);
      const socket = `{"kind":"preview",${json.slice(1)}`;
      crowd.preview({ sse: encoder.encode(formatSse("preview", json)), socket });
    },
  };
}

function restoreSockets(sockets: SocketPort, takeUp: (socket: WebSocket) => void): void {
  sockets.setWebSocketAutoResponse(new WebSocketRequestResponsePair(SOCKET_PING, SOCKET_PONG));
  for (const socket of sockets.getWebSockets()) takeUp(socket);
}

/** How the session ended, once its turns have ended too. */
function readOver({ sessions, turns }: WatchHubParts): Over | null {
  const { status, status_reason: reason } = sessions.get();
  if (status !== "ended" && status !== "failed") return null;
  return turns.open().length === 0 && turns.nextQueued() === null ? { status, reason } : null;
}

function createCrowd(onWatched: (watched: boolean) => void, onError: (error: unknown) => void) {
  const watchers = new Map<object, Watcher>();
  /** A watcher that fails is let go, and holds up nobody. */
  const each = (act: (watcher: Watcher) => void): void => {
    for (const [key, watcher] of watchers) {
      try {
        act(watcher);
      } catch (error) {
        onError(error);
        remove(key);
      }
    }
  };
  const remove = (key: object): void => {
    const watcher = watchers.get(key);
    if (watcher === undefined) return;
    watchers.delete(key);
    watcher.stop();
    if (watchers.size === 0) onWatched(false);
  };
  return {
    remove,
    size: () => watchers.size,
    add(key: object, watcher: Watcher) {
      watchers.set(key, watcher);
      if (watchers.size === 1) onWatched(true);
    },
    socketWatcher: (socket: WebSocket) => watchers.get(socket) as SocketWatcher | undefined,
    pump: () => each((watcher) => watcher.pump()),
    preview: (preview: Parameters<Watcher["preview"]>[0]) => each((watcher) => watcher.preview(preview)),
  };
}

/** Runs the work once for many calls, after what runs now: whoever appends to the log does not wait for watchers. */
function createLatch(work: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      work();
    }, 0);
  };
}
