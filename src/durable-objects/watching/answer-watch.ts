// Answers the Worker's fetch for a watcher: a stream, a WebSocket, or the refusal as JSON.
import type { Failure } from "../../shared/errors/app-error.ts";
import { ERROR_MAP } from "../../shared/errors/error-maps.ts";
import { WATCH_HEADER, watchRequestSchema, type WatchRequest } from "../../shared/watching/watch-request.ts";
import type { WatchHub } from "./watch-hub.ts";

/** Throws when the header is not the Worker's own. */
export function readWatchRequest(request: Request): WatchRequest {
  return watchRequestSchema.parse(JSON.parse(request.headers.get(WATCH_HEADER) ?? "null"));
}

export function answerWatch(hub: WatchHub, request: Request, watch: WatchRequest): Response {
  const { after_cursor: afterCursor, principal, may_answer } = watch;
  if (request.headers.get("upgrade") === "websocket") {
    const opened = hub.openSocket(afterCursor, may_answer ? principal.user_id : null);
    return opened.ok ? new Response(null, { status: 101, webSocket: opened.value }) : refuseWatch(opened.error);
  }
  const opened = hub.openStream(afterCursor);
  if (!opened.ok) return refuseWatch(opened.error);
  return new Response(opened.value, { headers: { "content-type": "text/event-stream" } });
}

export function refuseWatch(failure: Failure): Response {
  return Response.json({ error: failure }, { status: ERROR_MAP[failure.code].http });
}
