import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { answer, failure } from "../../../shared/errors/app-error.ts";
import { mcpServerSchema, type McpServer as Definition } from "../../../shared/mcp-servers/server-schema.ts";
import { signRunToken, verifyRunToken } from "../../../shared/tokens/run-token-signature.ts";
import { type RemoteServer, startRemoteServer } from "../../../../test/support/mcp-servers/remote-server.ts";
import { createGuardedFetch } from "../../outbound/guarded-fetch.ts";
import { createSealer } from "../../secrets/sealer.ts";
import { createServerOpener } from "../open-server.ts";
import { createServerProbe } from "../probe-server.ts";
import { createProxyRoute } from "./proxy-route.ts";

const SECRET = "run-token-secret-of-this-test-0123456789";
const KEY = "the-value-of-the-key-that-nobody-sees";
const session_id = randomUUID();
const [team_id, runtime_id, owner_id, project_id] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];

let remote: RemoteServer;
beforeAll(async () => {
  remote = await startRemoteServer();
});
afterAll(() => remote.close());

/** The proxy with a real guard, and the definition that the test gives. */
function openProxy(definition: object, more: { runtime?: string; refused?: boolean; allowLoopback?: boolean } = {}) {
  const server: Definition = mcpServerSchema.parse(definition);
  const health: string[] = [];
  const place = { scope: "user" as const, scope_id: owner_id };
  const route = createProxyRoute({
    verifyToken: (token) => verifyRunToken(token, SECRET, crypto.subtle),
    session: () => ({
      admitServerRequest: async (question) =>
        question.runtime_id === (more.runtime ?? runtime_id) && question.team_id === team_id
          ? answer({ owner_id, project_id })
          : failure("run_token_refused", "This sandbox was replaced: its token is void."),
    }),
    find: async (_places, name) => (name === "test" ? { place, server } : null),
    open: createServerOpener({
      secrets: { read: async (_team: string, _place: unknown, name: string) => (name === "KEY" ? KEY : null) } as never,
      token: async () => null,
    }),
    tokenAfter: async () => null,
    guarded: createGuardedFetch({
      fetch: (url, init) => fetch(url, init),
      resolve: async () => [],
      rules: { allowLoopback: more.allowLoopback ?? true, ownOrigin: null },
    }),
    sealer: createSealer([{ id: "a", bytes: new Uint8Array(32) }], crypto),
    health: {
      ok: (_key, tools) => void health.push(tools === null ? "ok" : `ok ${tools}`),
      failed: (_key, problem) => void health.push(problem),
    },
    nowMs: Date.now,
    logger: { log: () => undefined, logUnexpected: () => "event" },
  });
  return { route, health };
}

const claims = (route: "mcp" | "model" = "mcp") =>
  ({ version: 1, route, team_id, session_id, runtime_id, expires_at: 4_000_000_000 }) as const;
let token = "";
beforeEach(async () => {
  token = await signRunToken(claims(), SECRET, crypto.subtle);
  remote.calls.length = 0;
  remote.seen.length = 0;
});

type Route = ReturnType<typeof openProxy>["route"];

type Negotiation = NonNullable<ConstructorParameters<typeof Client>[1]>["versionNegotiation"];

async function connect(
  route: Route,
  type: "http" | "sse" = "http",
  versionNegotiation: Negotiation = {},
): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation });
  const url = new URL(`http://edge/mcp-proxy/${session_id}/test`);
  const options = {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: (target: string | URL, init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${token}`);
      return route(new Request(target, { ...init, headers }));
    },
  };
  await client.connect(
    type === "http" ? new StreamableHTTPClientTransport(url, options) : new SSEClientTransport(url, options),
  );
  return client;
}

const textOf = (result: unknown): string => JSON.stringify(result);

describe.each(["http", "sse"] as const)("a server over %s", (type) => {
  const definition = (more: object = {}) => ({
    type,
    url: type === "http" ? remote.httpUrl : remote.sseUrl,
    headers: { Authorization: "Bearer ${secret:KEY}" },
    ...more,
  });

  it("is reached with the headers added, and nothing of the sandbox's [proxy.headers]", async () => {
    const { route, health } = openProxy(definition());
    const client = await connect(route, type);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo", "danger", "leak"]);
    expect(textOf(await client.callTool({ name: "echo", arguments: { text: "hi" } }))).toContain("echo: hi");
    expect(remote.calls).toEqual(["hi"]);
    for (const { headers } of remote.seen) {
      expect(headers["authorization"]).toBe(`Bearer ${KEY}`);
      expect(JSON.stringify(headers)).not.toContain(token);
    }
    expect(health).toContain("ok 3");
    await client.close();
  });

  it("shows and runs allowed tools alone [servers.allow_list]", async () => {
    const { route } = openProxy(definition({ allowed_tools: ["echo"] }));
    const client = await connect(route, type);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo"]);
    await expect(client.callTool({ name: "danger" })).rejects.toThrow(type === "http" ? /not among those/ : /403/);
    expect(textOf(await client.callTool({ name: "echo", arguments: { text: "yes" } }))).toContain("echo: yes");
    expect(remote.calls).toEqual(["yes"]);
    await client.close();
  });

  it("cannot hand a secret back [secrets.nowhere]", async () => {
    const { route } = openProxy(definition());
    const client = await connect(route, type);
    const shown = textOf(await client.callTool({ name: "leak" }));
    expect(shown).toContain("Bearer [redacted]");
    expect(shown).not.toContain(KEY);
    await client.close();
  });
});

describe("a server of the 2026 protocol", () => {
  it("is spoken to in its own way, with the same rules [servers.allow_list]", async () => {
    const calls: string[] = [];
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: "modern", version: "1" });
      for (const name of ["echo", "danger"]) {
        server.registerTool(name, { inputSchema: z.object({ text: z.string() }) }, ({ text }) => {
          calls.push(name);
          return { content: [{ type: "text", text: `modern ${text}` }] };
        });
      }
      return server;
    });
    const modern = await startRemoteServer({
      async before(request, response, url) {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const headers = Object.entries(request.headers).filter(([, value]) => typeof value === "string");
        const answer = await handler.fetch(
          new Request(url, {
            method: request.method ?? "GET",
            headers: headers as [string, string][],
            ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
          }),
        );
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
        return true;
      },
    });
    const { route } = openProxy({ type: "http", url: modern.httpUrl, allowed_tools: ["echo"] });
    const client = await connect(route, "http", { mode: { pin: "2026-07-28" } });
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo"]);
    expect(textOf(await client.callTool({ name: "echo", arguments: { text: "hi" } }))).toContain("modern hi");
    await expect(client.callTool({ name: "danger", arguments: { text: "x" } })).rejects.toThrow(/not among those/);
    expect(calls).toEqual(["echo"]);
    expect(modern.seen.some(({ headers }) => headers["mcp-method"] === "tools/call")).toBe(true);
    // The test of the connection finds out by itself which of the two it is.
    const guarded = createGuardedFetch({
      fetch: (url, init) => fetch(url, init),
      resolve: async () => [],
      rules: { allowLoopback: true, ownOrigin: null },
    });
    const probe = createServerProbe(guarded, "1");
    const found = await probe("http", { url: modern.httpUrl, headers: {}, hidden: [] });
    expect(found).toEqual({ ok: true, tools: ["echo", "danger"] });
    await client.close();
    modern.close();
  });
});

describe("the secret in an SSE server's path", () => {
  it("does not come along with the address for messages [secrets.nowhere]", async () => {
    const { route } = openProxy({ type: "sse", url: `${remote.origin}/\${secret:KEY}/sse` });
    const client = await connect(route, "sse");
    expect(textOf(await client.callTool({ name: "echo", arguments: { text: "sealed" } }))).toContain("echo: sealed");
    expect(remote.seen.some(({ url }) => url.startsWith(`/${KEY}/messages`))).toBe(true);
    await client.close();
    const stream = await route(ask("GET"));
    const reader = stream.body!.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    expect(first).toContain("event: endpoint\ndata: ?endpoint=v1.a.");
    expect(first).not.toContain(KEY);
    await reader.cancel();
  });

  it("leads nowhere once the name is another server's: its secrets are not for the first one [secrets.nowhere]", async () => {
    const first = openProxy({ type: "sse", url: remote.sseUrl });
    const stream = await first.route(ask("GET"));
    const reader = stream.body!.getReader();
    const told = new TextDecoder().decode((await reader.read()).value);
    const endpoint = /\?endpoint=\S+/.exec(told)?.[0] ?? "";
    await reader.cancel();
    const before = remote.seen.length;
    for (const type of ["sse", "http"] as const) {
      const later = openProxy({ type, url: "https://other.example.com/mcp", headers: { "X-Key": "of the other one" } });
      expect((await later.route(ask("POST", { url: `${urlOf()}${endpoint}`, body: "{}" }))).status).toBe(404);
    }
    expect(remote.seen.length).toBe(before);
  });

  it("leads to that server alone", async () => {
    const other = await startRemoteServer();
    const evil = await startRemoteServer({
      before(_request, response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(`event: endpoint\ndata: ${other.origin}/messages\n\n`);
        return true;
      },
    });
    const { route } = openProxy({ type: "sse", url: evil.sseUrl });
    const stream = await route(ask("GET"));
    await expect(stream.text()).rejects.toThrow("another server's address");
    const forged = `${urlOf()}?endpoint=${encodeURIComponent(`${other.origin}/messages`)}`;
    expect((await route(ask("POST", { url: forged, body: "{}" }))).status).toBe(404);
    expect(other.seen).toEqual([]);
    evil.close();
    other.close();
  });
});

const urlOf = (session: string = session_id, name = "test"): string => `http://edge/mcp-proxy/${session}/${name}`;
const ask = (
  method: string,
  { url = urlOf(), body, bearer = token }: { url?: string; body?: string; bearer?: string } = {},
) =>
  new Request(url, { method, headers: { authorization: `Bearer ${bearer}` }, ...(body === undefined ? {} : { body }) });

describe("a stream that passes through", () => {
  /** A server that sends this much, then nothing more, and notes when it is left. */
  async function openStream(sent: string) {
    let leave: () => void = () => undefined;
    const left = new Promise<"left">((resolve) => (leave = () => resolve("left")));
    const odd = await startRemoteServer({
      before(_request, response) {
        response.on("close", leave);
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(sent);
        return true;
      },
    });
    const { route } = openProxy({ type: "http", url: odd.httpUrl, headers: { "X-Key": "${secret:KEY}" } });
    const stream = (await route(ask("GET"))).body!;
    const late = new Promise<"late">((resolve) => void setTimeout(() => resolve("late"), 2000));
    return { stream, left: Promise.race([left, late]), close: odd.close };
  }
  const message = `data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress" })}\n\n`;

  it("is ended at the server when nobody reads it any more, also while it is silent [proxy.streams]", async () => {
    const { stream, left, close } = await openStream(message);
    const reader = stream.getReader();
    await reader.read();
    const silent = reader.read();
    // Until the silence has reached the proxy.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await reader.cancel();
    expect(await left).toBe("left");
    expect((await silent).done).toBe(true);
    close();
  });

  it("is ended at the server when it brings what cannot be passed on [proxy.streams]", async () => {
    const { stream, left, close } = await openStream(`${message}data: no message\n\n`);
    await expect(new Response(stream).text()).rejects.toThrow("no message that can be passed on");
    expect(await left).toBe("left");
    close();
  });

  it("goes on after events that are no messages, of which nothing but their number is passed on [proxy.streams]", async () => {
    const odd = `: a comment\n\nevent: ping\ndata: ${KEY}\nid: 7\n\nevent: ping\ndata: now\n\nevent: message\n`;
    const { stream, close } = await openStream(`${odd}${message}`);
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let shown = "";
    while (!shown.includes("progress")) shown += (await reader.read()).value ?? "";
    expect(shown).toBe(`:\n\nid: 7\n\n:\n\nevent: message\n${message}`);
    await reader.cancel();
    close();
  });
});

describe("an answer that says nothing", () => {
  it.each([202, 200])("with status %i is passed on, whatever type it says it has [proxy.answers]", async (status) => {
    const quiet = await startRemoteServer({
      before(_request, response) {
        response.writeHead(status, { "content-type": "application/json" }).end();
        return true;
      },
    });
    const { route } = openProxy({ type: "http", url: quiet.httpUrl });
    const body = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
    const answer = await route(ask("POST", { body }));
    expect([answer.status, await answer.text()]).toEqual([status, ""]);
    quiet.close();
  });
});

describe("the proxy", () => {
  const call = (name: string, more: object = {}) =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} }, ...more });
  const definition = () => ({ type: "http", url: remote.httpUrl, allowed_tools: ["echo"] });

  it("opens for a run token of its route, session and runtime alone [proxy.token]", async () => {
    const { route } = openProxy(definition());
    const model = await signRunToken(claims("model"), SECRET, crypto.subtle);
    const foreign = await signRunToken(claims(), "another-secret-0123456789-0123456789", crypto.subtle);
    const old = await signRunToken({ ...claims(), expires_at: 1 }, SECRET, crypto.subtle);
    for (const bearer of ["", "x", model, foreign, old]) expect((await route(ask("GET", { bearer }))).status).toBe(401);
    expect((await route(ask("GET", { url: urlOf(randomUUID()) }))).status).toBe(401);
    const { route: replaced } = openProxy(definition(), { runtime: randomUUID() });
    expect((await replaced(ask("GET"))).status).toBe(401);
    expect(remote.seen).toEqual([]);
  });

  it("knows no other paths, servers and methods", async () => {
    const { route } = openProxy(definition());
    for (const url of [urlOf("x"), urlOf(session_id, "a.b"), `${urlOf()}/more`, urlOf(session_id, "")]) {
      expect((await route(ask("GET", { url }))).status, url).toBe(404);
    }
    expect((await route(ask("GET", { url: urlOf(session_id, "other") }))).status).toBe(404);
    expect((await route(ask("PUT", { body: "x" }))).status).toBe(404);
    const { route: off } = openProxy({ ...definition(), enabled: false });
    expect((await off(ask("GET"))).status).toBe(404);
  });

  it.each([
    ["in a list of messages", () => `[${call("echo")},${call("danger")}]`, {}],
    ["under a second name", () => call("danger").replace('"name"', '"name":"echo","name"'), {}],
    ["without a name", () => call("danger").replace('"danger"', "null"), {}],
    ["with another name in its header", () => call("echo"), { "mcp-name": "danger" }],
  ])("refuses a call that is hidden %s [servers.allow_list]", async (_, body, headers) => {
    const { route } = openProxy(definition());
    const request = new Request(ask("POST", { body: body() }), {
      headers: { authorization: `Bearer ${token}`, ...(headers as Record<string, string>) },
    });
    expect(await (await route(request)).text()).toContain("not among those");
    expect(remote.seen).toEqual([]);
  });

  it("refuses what is no message, and what is too large", async () => {
    const { route } = openProxy(definition());
    for (const body of ["", "nonsense", "[]", '"x"', "[1]"]) {
      expect(await (await route(ask("POST", { body }))).text(), body).toContain("no JSON-RPC message");
    }
    expect((await route(ask("POST", { body: "x".repeat(4 * 1024 * 1024 + 1) }))).status).toBe(413);
    expect(remote.seen).toEqual([]);
  });

  it.each([
    ["https://169.254.169.254/mcp", "address_refused"],
    ["https://127.0.0.1/mcp", "address_refused"],
    ["file:///etc/passwd", "address_refused"],
  ])("goes through the guard: %s [proxy.guard]", async (url, code) => {
    const { route, health } = openProxy({ type: "http", url }, { allowLoopback: false });
    const refused = await route(ask("POST", { body: call("echo") }));
    expect(await refused.json()).toMatchObject({ error: { code } });
    expect(health).toEqual(["address_refused"]);
  });

  it("shows nothing of an answer that is none of MCP, or none at all", async () => {
    const answers: [number, Record<string, string>, string][] = [
      [200, { "content-type": "text/html" }, "<h1>private</h1>"],
      [200, { "content-type": "application/json" }, "private, not JSON"],
      [500, { "content-type": "application/json" }, '{"error":"private"}'],
      [401, { "www-authenticate": 'Bearer resource_metadata="https://private.example.com"' }, "private"],
      [302, { location: "http://10.0.0.1/private" }, ""],
    ];
    for (const [status, headers, body] of answers) {
      const odd = await startRemoteServer({
        before: (_, response) => (response.writeHead(status, headers).end(body), true),
      });
      const { route } = openProxy({ type: "http", url: odd.httpUrl });
      const shown = await route(ask("POST", { body: call("echo") }));
      expect(JSON.stringify([...shown.headers]) + (await shown.text())).not.toContain("private");
      odd.close();
    }
  });
});
