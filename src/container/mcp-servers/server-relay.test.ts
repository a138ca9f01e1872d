import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createServerRelay } from "./server-relay.ts";

const sessionId = "00000000-0000-7000-8000-000000000001";
let open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open) one.close();
  open = [];
});

type Seen = { method: string; url: string; headers: Record<string, unknown>; body: string };

async function listen(port: number, seen: Seen[]): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      response.writeHead(200, { "content-type": "application/json", "x-other": "1" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  open.push(server);
  return server;
}

function openRelay(edgeUrl: string, token: string | null = "token-1") {
  const relay = createServerRelay({
    edgeUrl,
    sessionId,
    token: { get: async () => token, refused: () => undefined, secrets: () => [] },
  });
  open.push(relay);
  return relay;
}

describe("the relay", () => {
  it("adds the token, and passes MCP's own headers alone [proxy.relay]", async () => {
    const seen: Seen[] = [];
    const edge = await listen(0, seen);
    const relay = openRelay(`http://127.0.0.1:${(edge.address() as AddressInfo).port}`);
    const headers = {
      authorization: "Bearer own",
      cookie: "c=1",
      "x-odd": "1",
      "mcp-method": "tools/call",
      "mcp-param-a": "b",
    };
    const answer = await fetch(await relay.urlOf("far"), { method: "POST", headers, body: "{}" });
    expect(await answer.text()).toBe("{}");
    expect(answer.headers.get("x-other")).toBeNull();
    expect(seen).toMatchObject([{ method: "POST", url: `/mcp-proxy/${sessionId}/far`, body: "{}" }]);
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer token-1",
      "mcp-method": "tools/call",
      "mcp-param-a": "b",
    });
    for (const name of ["cookie", "x-odd"]) expect(seen[0]?.headers).not.toHaveProperty(name);
  });

  it("is found by who was told its path, and leads nowhere else [proxy.relay]", async () => {
    const seen: Seen[] = [];
    const edge = await listen(0, seen);
    const url = await openRelay(`http://127.0.0.1:${(edge.address() as AddressInfo).port}`).urlOf("far");
    const { origin, pathname } = new URL(url);
    const [, key] = pathname.split("/");
    for (const path of [
      "/",
      "/far",
      `/${"0".repeat(32)}/far`,
      `/${key}/far/..%2f..`,
      `/${key}/a.b`,
      `/${key}/far?x=1`,
    ]) {
      expect((await fetch(`${origin}${path}`)).status, path).toBe(404);
    }
    expect(seen).toEqual([]);
  });

  it("waits for an edge that is just starting again [proxy.relay]", async () => {
    const seen: Seen[] = [];
    const first = await listen(0, seen);
    const { port } = first.address() as AddressInfo;
    await new Promise((resolve) => first.close(resolve));
    const relay = openRelay(`http://127.0.0.1:${port}`);
    const asked = fetch(await relay.urlOf("far"), { method: "POST", body: "{}" });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await listen(port, seen);
    expect((await asked).status).toBe(200);
    expect(seen.length).toBe(1);
  });

  it("says that there is no way while nobody gives a token", async () => {
    expect((await fetch(await openRelay("http://127.0.0.1:9", null).urlOf("far"))).status).toBe(503);
  });
});
