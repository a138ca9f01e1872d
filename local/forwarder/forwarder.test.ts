import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Forwarder, startForwarder } from "./forwarder.ts";

type Seen = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

let seen: Seen[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end("edge");
const edge = createServer((request, response) => {
  const entry: Seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: "" };
  seen.push(entry);
  request.on("data", (chunk: Buffer) => (entry.body += chunk.toString()));
  answer(request, response);
});
let forwarder: Forwarder;

beforeEach(async () => {
  seen = [];
  answer = (request, response) => void request.on("end", () => response.end("edge"));
  edge.listen(0, "127.0.0.1");
  await once(edge, "listening");
  forwarder = await startForwarder({ address: "127.0.0.1", port: 0, edgePort: (edge.address() as AddressInfo).port });
});

afterEach(async () => {
  await forwarder.close();
  edge.closeAllConnections();
  edge.close();
});

/** Sends bytes as they are and resolves to all that came back until the connection ended or went quiet. */
async function sendRaw(text: string): Promise<string> {
  const socket = connect(forwarder.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  socket.on("error", () => undefined);
  socket.write(text);
  await Promise.race([once(socket, "close"), sleep(400)]);
  socket.destroy();
  return received;
}

const base = () => `http://127.0.0.1:${forwarder.port}`;

describe("the forwarder [forwarder.routes]", () => {
  it("passes a model request with its query, headers and body", async () => {
    const response = await fetch(`${base()}/model/v1/messages?beta=true`, {
      method: "POST",
      headers: { "x-api-key": "run-token", "content-type": "application/json" },
      body: '{"a":1}',
    });
    expect(await response.text()).toBe("edge");
    expect(seen).toMatchObject([
      { method: "POST", url: "/model/v1/messages?beta=true", headers: { "x-api-key": "run-token" }, body: '{"a":1}' },
    ]);
  });

  it("passes a streamed body", async () => {
    const chunks = "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n";
    await sendRaw(`POST /model/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    expect(seen.map(({ body }) => body)).toEqual(["one two"]);
  });

  it("hands each piece of the answer on as it comes", async () => {
    let finish = () => {};
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      finish = () => response.end("data: 2\n\n");
    };
    const response = await fetch(`${base()}/model/v1/messages`, { method: "POST", body: "{}" });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decode = (value: Uint8Array | undefined) => new TextDecoder().decode(value);
    expect(decode((await reader.read()).value)).toBe("data: 1\n\n");
    finish();
    expect(decode((await reader.read()).value)).toBe("data: 2\n\n");
  });

  it("ends the edge's request when the container gives up", async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        response.write("x");
        response.on("close", resolve);
      };
    });
    const controller = new AbortController();
    const response = await fetch(`${base()}/model/x`, { signal: controller.signal });
    controller.abort();
    await expect(response.text()).rejects.toThrow();
    await closed;
  });

  it("cuts the container's connection when the edge cuts its own", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    };
    const response = await fetch(`${base()}/model/x`);
    await expect(response.text()).rejects.toThrow();
  });

  it("answers 503 in the model API's form while the edge is away", async () => {
    edge.closeAllConnections();
    edge.close();
    const response = await fetch(`${base()}/model/x`, { method: "POST", body: "{}" });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ type: "error", error: { type: "api_error" } });
  });

  it("names the edge as the host, whatever the request claims", async () => {
    await sendRaw("GET /model/x HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n\r\n");
    expect(seen[0]?.headers["host"]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(seen[0]?.headers["x-forwarded-host"]).toBeUndefined();
  });

  it.each([
    ["another page", "GET /authorize HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["dots", "GET /model/../mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["encoded dots", "GET /model/%2e%2e/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["two slashes", "GET //mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["a whole URL", "GET http://localhost/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["a whole URL of an open route", "GET http://x/model/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["CONNECT", "CONNECT 127.0.0.1:8787 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["an upgrade", "GET /model/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ])("answers 404 to %s and asks the edge nothing", async (_name, request) => {
    expect(await sendRaw(request)).toMatch(/^HTTP\/1\.1 404 /);
    expect(seen).toEqual([]);
  });

  it.each([
    [
      "both lengths",
      "POST /model/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    [
      "two lengths",
      "POST /model/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\nGET /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ["a folded header", "POST /model/x HTTP/1.1\r\nHost: a\r\nA: b\r\n GET /mcp HTTP/1.1\r\n\r\n"],
    [
      "a space before the colon",
      "POST /model/x HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nGET /mcp HTTP/1.1\r\n\r\n",
    ],
    ["no host", "GET /model/x HTTP/1.1\r\n\r\n"],
  ])("refuses a request with %s", async (_name, request) => {
    expect(await sendRaw(request)).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen.filter(({ url }) => url !== "/model/x")).toEqual([]);
  });

  it("does not let a chunked GET's body become a second request", async () => {
    const smuggled = "GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
    await sendRaw(`GET /model/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
    expect(seen.map(({ url, body }) => [url, body])).toEqual([["/model/x", smuggled]]);
  });

  it("judges each request of one connection by itself", async () => {
    const first = "GET /model/x HTTP/1.1\r\nHost: a\r\n\r\n";
    const received = await sendRaw(`${first}GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 404"]);
    expect(seen.map(({ url }) => url)).toEqual(["/model/x"]);
  });
});
