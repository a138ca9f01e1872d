// GET /mcp/sessions/:id/events (server-sent events) and …/socket (WebSocket): a session's log as it grows.
import { AppError } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { readWatchCursor } from "../../shared/watching/watch-policy.ts";
import type { Watch, WatchService } from "./watch-service.ts";

const PATH = /^\/mcp\/sessions\/([^/]+)\/(events|socket)$/;

export type WatchTarget = Pick<Watch, "sessionId" | "kind">;

export function matchWatch(method: string, pathname: string): WatchTarget | null {
  const match = method === "GET" ? PATH.exec(pathname) : null;
  const [, sessionId = "", last] = match ?? [];
  if (last === undefined || !uuidSchema.safeParse(sessionId).success) return null;
  return { sessionId, kind: last === "socket" ? "socket" : "stream" };
}

export async function sendWatch(
  watching: WatchService,
  principal: Principal,
  target: WatchTarget & Pick<Watch, "mayAnswer">,
  request: Request,
): Promise<Response> {
  const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  if (target.kind === "socket" && !isUpgrade) {
    throw new AppError("invalid_argument", "This address takes WebSockets. Its neighbour …/events takes plain GET.");
  }
  const answered = await watching.open(principal, { ...target, afterCursor: requireCursor(request) });
  return target.kind === "socket" ? answered : asStream(answered);
}

/** Where to go on from, as the request says. */
export function requireCursor(request: Request): number {
  const cursor = readWatchCursor(request.headers.get("last-event-id"), new URL(request.url).searchParams.get("after"));
  if (cursor !== null) return cursor;
  throw new AppError(
    "invalid_argument",
    "Last-Event-ID and after must be the number of an event, 0 for the beginning.",
  );
}

/** Nothing on the way may keep, change or hold back what a stream says. */
export function asStream(answered: Response): Response {
  const headers = new Headers({
    "content-type": answered.headers.get("content-type") ?? "application/json",
    "cache-control": "private, no-store, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  return new Response(answered.body, { status: answered.status, headers });
}
