// The way from Claude Code to remote MCP servers: listens on loopback and hands on to the edge with the run token, so that
// neither Claude Code's environment nor its configuration holds one.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { EDGE_PATHS } from "../../shared/rpc/protocol.ts";
import type { RouteToken } from "../tokens/route-token.ts";

export type ServerRelay = {
  /** Where Claude Code finds that server; starts listening with the first one. */
  urlOf(name: string): Promise<string>;
  close(): void;
};

export type RelayParts = { edgeUrl: string; sessionId: string; token: RouteToken };

/** `wrangler dev` starts again within this time. */
const EDGE_WAIT_MS = 20_000;
const LOOK_AGAIN_MS = 250;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** All of MCP's own; the edge decides which of them a server gets. */
const PASSED = /^(?:accept|content-type|last-event-id|mcp-[a-z0-9-]{1,80})$/;
const ANSWERED = /^(?:content-type|cache-control|mcp-session-id|mcp-protocol-version)$/;

export function createServerRelay(parts: RelayParts): ServerRelay {
  /** Other sessions of the workspace share the loopback: each has a path of its own. */
  const key = randomBytes(16).toString("hex");
  let listening: Promise<{ server: Server; port: number }> | null = null;
  async function listen(): Promise<{ server: Server; port: number }> {
    const server = createServer((request, response) => {
      handle(parts, key, request, response).catch(() => response.destroy());
    });
    // A stream may say nothing for long: the edge decides when it has been too long.
    server.requestTimeout = 0;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    server.unref();
    return { server, port: (server.address() as AddressInfo).port };
  }
  return {
    async urlOf(name) {
      listening ??= listen();
      return `http://127.0.0.1:${(await listening).port}/${key}/${name}`;
    },
    close() {
      void listening?.then(({ server }) => {
        server.closeAllConnections();
        server.close();
      });
    },
  };
}

async function handle(
  parts: RelayParts,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = readTarget(key, request.url ?? "");
  const body = await readBody(request);
  if (target === null || body === null) return void response.writeHead(target === null ? 404 : 413).end();
  for (let attempt = 1; ; attempt++) {
    const token = await parts.token.get();
    if (token === null) return void response.writeHead(503).end();
    const answer = await sendOnceUp(parts, { request, response, body, target, token });
    if (answer === null) return void response.writeHead(502).end();
    if (answer.statusCode !== 401 || attempt > 1) return pipe(answer, response);
    answer.resume();
    parts.token.refused(token);
  }
}

/** The server's name and the query, as they are handed on. */
function readTarget(key: string, url: string): string | null {
  const [, found, name, query = ""] = /^\/([0-9a-f]+)\/([A-Za-z0-9_-]+)(\?endpoint=[A-Za-z0-9._-]*)?$/.exec(url) ?? [];
  return found === key && name !== undefined ? `${name}${query}` : null;
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

type Sending = { request: IncomingMessage; response: ServerResponse; body: Buffer; target: string; token: string };

/** An edge that is just starting again has not heard of the request: it is sent when the edge listens. Null for none in time. */
async function sendOnceUp(parts: RelayParts, sending: Sending): Promise<IncomingMessage | null> {
  for (const endMs = Date.now() + EDGE_WAIT_MS; ; await sleep(LOOK_AGAIN_MS)) {
    const answer = await send(parts, sending);
    const isOver = sending.response.destroyed || Date.now() > endMs;
    if (answer !== "down") return answer;
    if (isOver) return null;
  }
}

/** `down`: nobody listens there. Null when it was cut: the request may have been heard. */
async function send(
  { edgeUrl, sessionId }: RelayParts,
  { request, response, body, target, token }: Sending,
): Promise<IncomingMessage | "down" | null> {
  const url = new URL(`${edgeUrl}${EDGE_PATHS.mcpProxy}/${sessionId}/${target}`);
  const open = url.protocol === "https:" ? httpsRequest : httpRequest;
  const headers = {
    ...pick(request.headers, PASSED),
    authorization: `Bearer ${token}`,
    ...(body.byteLength > 0 ? { "content-length": body.byteLength } : {}),
  };
  const upstream = open(url.href, { method: request.method, headers, agent: false });
  response.on("close", () => upstream.destroy());
  upstream.on("error", () => undefined);
  upstream.end(body);
  return once(upstream, "response").then(
    ([answer]) => answer as IncomingMessage,
    (error: NodeJS.ErrnoException) => (error.code === "ECONNREFUSED" ? "down" : null),
  );
}

function pipe(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, pick(answer.headers, ANSWERED));
  response.flushHeaders();
  answer.on("error", () => response.destroy());
  answer.on("aborted", () => response.destroy());
  answer.pipe(response);
}

function pick(headers: IncomingMessage["headers"], wanted: RegExp): Record<string, string> {
  const entries = Object.entries(headers).filter(([name, value]) => wanted.test(name) && typeof value === "string");
  return Object.fromEntries(entries) as Record<string, string>;
}
