import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admitHook } from "../../durable-objects/hooks/hook-admission.ts";
import type { HookRequest } from "../../shared/hooks/hook-request.ts";
import { signRunToken, verifyRunToken } from "../../shared/tokens/run-token-signature.ts";
import { createGuardedFetch } from "../outbound/guarded-fetch.ts";
import { createHookRoute } from "./hook-route.ts";
import { createHookSender } from "./hook-sender.ts";

const SECRET = "run-token-secret-of-this-test-0123456789";
const [team_id, session_id, runtime_id] = [randomUUID(), randomUUID(), randomUUID()];
const claims = { version: 1, route: "hooks", team_id, session_id, runtime_id, expires_at: 4_000_000_000 } as const;

const seen: { url: string; headers: Record<string, unknown>; body: string }[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    seen.push({ url: request.url ?? "", headers: request.headers, body });
    if (request.url === "/moved") return void response.writeHead(307, { location: "/hook" }).end();
    if (request.url === "/large") return void response.end("x".repeat(100_000));
    if (request.url === "/slow") return;
    response.writeHead(request.url === "/hook" ? 200 : 500).end('{"decision":"block"}');
  });
});
let origin = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const paths = ["/hook", "/moved", "/large", "/slow", "/fails"];
const NOW_MS = Date.parse("2026-07-01T12:00:00.000Z");
let session: { status: "running" | "ended"; updated_at: string } = { status: "running", updated_at: "2026-01-01" };
const route = (allowLoopback = true) =>
  createHookRoute({
    verifyToken: (token) => verifyRunToken(token, SECRET, crypto.subtle),
    session: () => ({
      admitHook: async (question, url) =>
        admitHook({ team_id, runtime_id, ...session }, question, {
          url,
          urls: paths.map((path) => origin + path),
          nowMs: NOW_MS,
        }),
    }),
    send: createHookSender(
      createGuardedFetch({
        fetch: (url, init) => fetch(url, init),
        resolve: async () => [],
        rules: { allowLoopback, ownOrigin: null },
      }),
    ),
    nowMs: Date.now,
    logger: { log: () => undefined, logUnexpected: () => "event" },
  });

async function post(hook: Partial<HookRequest> | string, more: { token?: object; allowLoopback?: boolean } = {}) {
  const token = await signRunToken({ ...claims, ...more.token } as typeof claims, SECRET, crypto.subtle);
  const body =
    typeof hook === "string" ? hook : JSON.stringify({ url: "", headers: {}, body: "{}", timeout_ms: 500, ...hook });
  const headers = { authorization: `Bearer ${token}` };
  const response = await route(more.allowLoopback)(
    new Request("http://edge/runner/hooks", { method: "POST", headers, body }),
  );
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

describe("an HTTP hook at the edge", () => {
  it("is sent with its headers and the event, and no header of ours but two [hooks.http]", async () => {
    const { status, answer } = await post({ url: `${origin}/hook`, headers: { "x-team": "a" }, body: '{"a":1}' });
    expect([status, answer]).toEqual([200, { status: 200, body: '{"decision":"block"}', failure: null }]);
    expect(seen.at(-1)).toMatchObject({
      body: '{"a":1}',
      headers: { "x-team": "a", "content-type": "application/json" },
    });
    expect(seen.at(-1)?.headers).not.toHaveProperty("authorization");
  });

  it.each<[string, Partial<HookRequest> | string, object, number]>([
    ["another address than the session's", { url: "https://example.com/" }, {}, 404],
    ["a token of another route", { url: "/hook" }, { token: { route: "model" } }, 401],
    ["a token that has ended", { url: "/hook" }, { token: { expires_at: 1 } }, 401],
    ["a runtime that was replaced", { url: "/hook" }, { token: { runtime_id: randomUUID() } }, 401],
    ["another team", { url: "/hook" }, { token: { team_id: randomUUID() } }, 401],
    ["something else than a hook", "nonsense", {}, 400],
  ])("is not sent for %s [hooks.http]", async (_what, hook, more, status) => {
    const before = seen.length;
    const own =
      typeof hook === "object" && hook.url?.startsWith("/") === true ? { ...hook, url: origin + hook.url } : hook;
    expect((await post(own, more)).status).toBe(status);
    expect(seen.length).toBe(before);
  });

  it("is sent for a session that has just ended, whose last hooks these are, and then no more [hooks.http]", async () => {
    const endedBefore = (seconds: number) => {
      session = { status: "ended", updated_at: new Date(NOW_MS - seconds * 1000).toISOString() };
    };
    endedBefore(30);
    expect((await post({ url: `${origin}/hook` })).status).toBe(200);
    endedBefore(61);
    const before = seen.length;
    expect((await post({ url: `${origin}/hook` })).status).toBe(401);
    expect(seen.length).toBe(before);
    session = { status: "running", updated_at: "2026-01-01" };
  });

  it.each([
    ["/moved", "redirect"],
    ["/large", "larger"],
    ["/slow", "in time"],
  ])("fails in words of ours where its answer will not do: %s", async (path, words) => {
    const { status, answer } = await post({ url: origin + path });
    expect(status).toBe(200);
    expect(answer).toMatchObject({ status: null, failure: expect.stringContaining(words) });
  });

  it("asks no private address, and tells what a server says of itself", async () => {
    const refused = await post({ url: `${origin}/hook` }, { allowLoopback: false });
    expect(refused.answer).toMatchObject({ status: null, failure: expect.stringContaining("not asked") });
    expect((await post({ url: `${origin}/fails` })).answer).toMatchObject({ status: 500, failure: null });
  });
});
