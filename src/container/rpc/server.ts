// The runner's HTTP server: /health and the two WebSocket endpoints, each behind the boot token.
import { type RpcStub, newWebSocketRpcSession } from "capnweb";
import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { uuidSchema } from "../../shared/ids.ts";
import { RUNNER_PATHS, RUNNER_PROTOCOL_VERSION, RUNTIME_HEADER } from "../../shared/rpc/protocol.ts";
import type { RunnerHealth } from "../../shared/rpc/runner-workspace-api.ts";
import type { SessionHostApi } from "../../shared/rpc/session-host-api.ts";
import { RUNNER_VERSION } from "../config.ts";
import type { SessionRegistry } from "../sessions/session-registry.ts";
import type { HostConnection } from "./host-link.ts";
import { SessionTarget } from "./session-target.ts";
import { type WorkspaceParts, WorkspaceTarget } from "./workspace-target.ts";

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const CLOSE_GRACE_MS = 100;

export type ServerParts = WorkspaceParts & {
  runtimeId: string;
  workspaceState: RunnerHealth["workspace_state"];
  sessions: SessionRegistry;
};

export type RunnerServer = { port: number; close(): Promise<void> };

export async function startServer(parts: ServerParts): Promise<RunnerServer> {
  const { config } = parts;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const server = createServer((request, response) => answerHttp(parts, request, response));
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    const accept = findEndpoint(parts, request);
    if (!isAuthorised(request, config.bootToken)) return refuse(socket, "401 Unauthorized");
    if (accept === null) return refuse(socket, "404 Not Found");
    if (!isMeant(parts, request)) return refuse(socket, "409 Conflict");
    (socket as Socket).setNoDelay(true);
    sockets.handleUpgrade(request, socket, head, accept);
  });
  server.listen(config.port, config.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets.clients) socket.close(1001, "the runner stops");
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerHttp(parts: ServerParts, request: IncomingMessage, response: ServerResponse): void {
  if (!isAuthorised(request, parts.config.bootToken)) return void response.writeHead(401).end();
  if (request.method !== "GET" || pathOf(request) !== RUNNER_PATHS.health) return void response.writeHead(404).end();
  const health: RunnerHealth = {
    protocol_version: RUNNER_PROTOCOL_VERSION,
    runner_version: RUNNER_VERSION,
    runtime_id: parts.runtimeId,
    workspace_id: parts.config.workspaceId,
    workspace_state: parts.workspaceState,
    busy_sessions: parts.sessions.busySessions(),
    unsaid_sessions: parts.sessions.unsaidSessions(),
  };
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(health));
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0] ?? "/";
}

function isAuthorised(request: IncomingMessage, bootToken: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ""), digest(`Bearer ${bootToken}`));
}

/** Who dials for a runtime's work must not reach the one that took its place. */
function isMeant({ runtimeId }: ServerParts, request: IncomingMessage): boolean {
  return (request.headers[RUNTIME_HEADER] ?? runtimeId) === runtimeId;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function findEndpoint(parts: ServerParts, request: IncomingMessage): ((socket: WebSocket) => void) | null {
  const path = pathOf(request);
  if (path === RUNNER_PATHS.workspace) return (socket) => serveWorkspace(parts, socket);
  const sessionId = uuidSchema.safeParse(path.slice(RUNNER_PATHS.session("").length));
  if (!sessionId.success || path !== RUNNER_PATHS.session(sessionId.data)) return null;
  return (socket) => serveSession(parts, sessionId.data, socket);
}

function serveWorkspace(parts: WorkspaceParts, socket: WebSocket): void {
  socket.on("error", () => {});
  newWebSocketRpcSession(asWebSocket(socket), new WorkspaceTarget(parts));
}

function serveSession(parts: ServerParts, sessionId: string, socket: WebSocket): void {
  socket.on("error", () => {});
  const session = parts.sessions.open(sessionId);
  const target = new SessionTarget(session, () => connection, {
    end: () => parts.sessions.end(sessionId),
    forget: () => parts.sessions.forget(sessionId),
  });
  const remote: RpcStub<SessionHostApi> = newWebSocketRpcSession<SessionHostApi>(asWebSocket(socket), target);
  const host = remote.dup();
  let isOpen = true;
  const connection: HostConnection = {
    host,
    isOpen: () => isOpen && socket.readyState === WebSocket.OPEN,
    bufferedBytes: () => socket.bufferedAmount,
    close(reason) {
      isOpen = false;
      socket.close(1000, reason);
      // A dead link never answers a close.
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    },
  };
  const onGone = () => {
    isOpen = false;
    session.detach(connection);
    host[Symbol.dispose]();
    parts.sessions.leave(sessionId);
  };
  socket.on("close", onGone);
  remote.onRpcBroken(() => {
    isOpen = false;
    session.detach(connection);
  });
}

/** capnweb is typed for the browser's WebSocket, whose events `ws` offers as well. */
function asWebSocket(socket: WebSocket): globalThis.WebSocket {
  return socket as unknown as globalThis.WebSocket;
}
