// GET /mcp/sessions/:id/events/:seq: the whole of one event as JSON, streamed, under the same access token as /mcp.
import { AppError } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { EventBodies } from "./event-bodies.ts";
import type { SessionService } from "./session-service.ts";

const PATH = /^\/mcp\/sessions\/([^/]+)\/events\/(\d{1,15})$/;

export type EventBodyTarget = { sessionId: string; seq: number };

export function matchEventBody(method: string, pathname: string): EventBodyTarget | null {
  const match = method === "GET" ? PATH.exec(pathname) : null;
  const [, sessionId, seq] = match ?? [];
  if (seq === undefined || !uuidSchema.safeParse(sessionId).success) return null;
  return { sessionId: sessionId ?? "", seq: Number(seq) };
}

export async function sendEventBody(
  options: { sessions: SessionService; bodies: EventBodies },
  principal: Principal,
  target: EventBodyTarget,
): Promise<Response> {
  if (target.seq < 1) throw new AppError("not_found", "Events are numbered from 1.");
  const found = await options.sessions.getEvent(principal, target.sessionId, target.seq);
  const { body, bytes } = await options.bodies.stream(found);
  const headers = new Headers({ "content-type": "application/json", "cache-control": "private, no-store" });
  if (bytes !== null) headers.set("content-length", String(bytes));
  return new Response(body, { headers });
}
