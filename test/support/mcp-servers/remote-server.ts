// A real MCP server for tests, over streamable HTTP and the older SSE, with what a test wants to see of its requests.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

export type SeenRequest = { method: string; url: string; headers: IncomingMessage["headers"] };

export type RemoteServer = {
  origin: string;
  /** Streamable HTTP. */
  httpUrl: string;
  /** HTTP with server-sent events. */
  sseUrl: string;
  seen: SeenRequest[];
  /** Texts that `echo` was called with, and names of other tools that were called. */
  calls: string[];
  close(): void;
};

export type RemoteServerOptions = {
  /** Answers every request first; true when it did. */
  before?: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean | Promise<boolean>;
};

export async function startRemoteServer(options: RemoteServerOptions = {}): Promise<RemoteServer> {
  const seen: SeenRequest[] = [];
  const calls: string[] = [];
  const http = new Map<string, StreamableHTTPServerTransport>();
  const sse = new Map<string, SSEServerTransport>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    const url = new URL(request.url ?? "/", "http://server");
    seen.push({ method, url: request.url ?? "", headers });
    if ((await options.before?.(request, response, url)) === true) return;
    if (url.pathname.endsWith("/mcp")) return handleHttp(request, response);
    if (url.pathname.endsWith("/sse")) {
      const transport = new SSEServerTransport(url.pathname.replace(/sse$/, "messages"), response);
      sse.set(transport.sessionId, transport);
      return openServer(calls, headers).connect(transport);
    }
    const transport = sse.get(url.searchParams.get("sessionId") ?? "");
    if (!url.pathname.endsWith("/messages") || transport === undefined) return void response.writeHead(404).end();
    return transport.handlePostMessage(request, response);
  }

  async function handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = String(request.headers["mcp-session-id"] ?? "");
    const known = http.get(id);
    if (known !== undefined) return known.handleRequest(request, response);
    if (id !== "") return void response.writeHead(404).end();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => void http.set(session, transport),
    });
    await openServer(calls, request.headers).connect(transport);
    return transport.handleRequest(request, response);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    httpUrl: `${origin}/mcp`,
    sseUrl: `${origin}/sse`,
    seen,
    calls,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function openServer(calls: string[], headers: IncomingMessage["headers"]): McpServer {
  const server = new McpServer({ name: "test", version: "1.0.0" });
  const text = (words: string) => ({ content: [{ type: "text" as const, text: words }] });
  server.registerTool(
    "echo",
    { description: "Says it again", inputSchema: { text: z.string() } },
    ({ text: words }) => {
      calls.push(words);
      return text(`echo: ${words}`);
    },
  );
  server.registerTool("danger", { description: "Does harm" }, () => {
    calls.push("danger");
    return text("harm was done");
  });
  // A careless server, which shows what it was sent.
  server.registerTool("leak", { description: "Shows its headers" }, () => {
    calls.push("leak");
    return text(`headers: ${JSON.stringify(headers)}`);
  });
  return server;
}
