// Passes a Session object's WebSocket on to the runner, with the boot token that only this object knows.
import { RUNTIME_HEADER } from "../../shared/rpc/protocol.ts";
import type { Workspace } from "./compose-workspace.ts";

const SESSION_PATH = /^\/rpc\/sessions\/([0-9a-f-]{36})$/;

export async function dialRunner(workspace: Workspace, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const sessionId = SESSION_PATH.exec(pathname)?.[1];
  const runtime = workspace.store.runtime();
  const isCurrent = runtime !== null && runtime.runtime_id === request.headers.get(RUNTIME_HEADER);
  if (sessionId === undefined || !isCurrent) return new Response(null, { status: 404 });
  workspace.store.attach(sessionId);
  workspace.store.markUsed(workspace.clock.nowMs());
  const headers = { authorization: `Bearer ${runtime.boot_token}`, upgrade: "websocket" };
  return workspace.sandbox.fetch(new Request(`http://runner${pathname}`, { headers }));
}
