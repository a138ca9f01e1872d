// The one way from a container to the edge: listens on the Docker bridge's address and passes what the policy lets pass.
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as startRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../../src/shared/errors/app-error.ts";
import { judgeForward, selectHeaders } from "./request-policy.ts";

export type Forwarder = { address: string; port: number; close(): Promise<void> };

export type ForwarderOptions = {
  address: string;
  /** 0 for any. */
  port: number;
  /** The edge's port on 127.0.0.1. */
  edgePort: number;
};

export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const server = createServer({ requireHostHeader: true }, (request, response) => {
    handle(request, response, options.edgePort).catch(() => response.destroy());
  });
  server.on("upgrade", (_request, socket) => refuseSocket(socket));
  server.on("connect", (_request, socket) => refuseSocket(socket));
  await listen(server, options);
  return {
    address: options.address,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function listen(server: Server, { address, port }: ForwarderOptions): Promise<void> {
  server.listen(port, address);
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new AppError("sandbox_start_failed", `The forwarder cannot listen on ${address}:${port} (${code}).`, {
      cause,
      context: { reason: code },
    });
  }
}

async function handle(request: IncomingMessage, response: ServerResponse, edgePort: number): Promise<void> {
  const verdict = judgeForward(request.method ?? "", request.url ?? "");
  if (!verdict.pass) {
    request.resume();
    return void response.writeHead(404, { "content-type": "text/plain", connection: "close" }).end("Not found\n");
  }
  // Named, because node:http would send a GET's body without any frame, where it reads as a request of its own.
  const framing = request.headers["transfer-encoding"] === undefined ? [] : ["transfer-encoding", "chunked"];
  const upstream = startRequest({
    host: "127.0.0.1",
    port: edgePort,
    method: request.method,
    path: verdict.target,
    headers: ["host", `127.0.0.1:${edgePort}`, ...selectHeaders(request.rawHeaders).flat(), ...framing],
    agent: false,
  });
  upstream.setNoDelay(true);
  // Told by `answered` or by the answer's own stream; without a listener it would end this process.
  upstream.on("error", () => undefined);
  response.on("close", () => upstream.destroy());
  const answered = once(upstream, "response") as Promise<[IncomingMessage]>;
  // A request that the edge answers early ends the sending; the answer decides then.
  pipeline(request, upstream).catch(() => undefined);
  await answerFrom(answered, response);
}

async function answerFrom(answered: Promise<[IncomingMessage]>, response: ServerResponse): Promise<void> {
  const answer = await answered.then(
    ([message]) => message,
    () => null,
  );
  if (answer === null) return sendUnavailable(response);
  response.writeHead(answer.statusCode ?? 502, selectHeaders(answer.rawHeaders).flat());
  response.flushHeaders();
  await pipeline(answer, response);
}

/** In the form of the Messages API, so that Claude Code tries again by itself. */
function sendUnavailable(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  const error = { type: "api_error", message: "Berth is starting again; try again in a moment." };
  response.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify({ type: "error", error }));
}

function refuseSocket(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}
