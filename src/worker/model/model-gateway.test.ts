import { describe, expect, it } from "vitest";
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import { AppError, answer, failure } from "../../shared/errors/app-error.ts";
import type { ModelRequestQuestion } from "../../shared/rpc/session-api.ts";
import type { RunTokenClaims } from "../../shared/tokens/run-token.ts";
import { signRunToken, verifyRunToken } from "../../shared/tokens/run-token-signature.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createModelGateway, type GatewayOptions } from "./model-gateway.ts";

const SECRET = "s".repeat(32);
const KEY = "sk-ant-api-secret-key";
const NOW_MS = 1_700_000_000_000;
const claims: RunTokenClaims = {
  version: 1,
  route: "model",
  team_id: "01890000-0000-7000-8000-000000000001",
  session_id: "01890000-0000-7000-8000-000000000002",
  runtime_id: "01890000-0000-7000-8000-000000000003",
  expires_at: NOW_MS / 1000 + 60,
};
const body = JSON.stringify({ model: "claude-sonnet-5", messages: [] });

function setUp(changes: Partial<GatewayOptions> = {}) {
  const upstream: { url: string; init: RequestInit }[] = [];
  const questions: ModelRequestQuestion[] = [];
  const finished: string[] = [];
  const used: (AnswerUsage | null)[] = [];
  const renewed: string[] = [];
  const pending: Promise<unknown>[] = [];
  const lines: string[] = [];
  const gateway = createModelGateway({
    modelBaseUrl: "https://model.example",
    modelKey: KEY,
    requireModelKey: () => {},
    verifyToken: (token) => verifyRunToken(token, SECRET, crypto.subtle),
    session: () => ({
      async beginModelRequest(question) {
        questions.push(question);
        return answer({ request_id: "request-1" });
      },
      async renewModelRequest(id) {
        renewed.push(id);
      },
      async finishModelRequest(id, usage) {
        finished.push(id);
        used.push(usage);
      },
    }),
    async fetch(url, init) {
      upstream.push({ url, init });
      return new Response("data: x\n\n", { headers: { "content-type": "text/event-stream", "set-cookie": "a=b" } });
    },
    newPipe: () => new TransformStream(),
    waitUntil: (work) => void pending.push(work),
    nowMs: () => NOW_MS,
    renewEveryMs: 10,
    finishAgainMs: [1, 1],
    logger: createLogger({ sink: (_level, line) => lines.push(line), newEventId: () => "event-1" }),
    ...changes,
  });
  const settle = () => Promise.all(pending);
  return { gateway, upstream, questions, renewed, finished, used, settle, lines };
}

type Ask = { path?: string; token?: string; headers?: Record<string, string>; body?: BodyInit; method?: string };

async function makeRequest(ask: Ask = {}): Promise<Request> {
  const token = ask.token ?? (await signRunToken(claims, SECRET, crypto.subtle));
  const method = ask.method ?? "POST";
  return new Request(`http://localhost:8787/model${ask.path ?? "/v1/messages?beta=true"}`, {
    method,
    headers: { "x-api-key": token, "content-type": "application/json", ...ask.headers },
    ...(method === "POST" && { body: ask.body ?? body }),
  });
}

async function errorOf(response: Response): Promise<{ status: number; type: string; message: string }> {
  const { error } = (await response.json()) as { error: { type: string; message: string } };
  return { status: response.status, ...error };
}

describe("the model gateway", () => {
  it("says that a request runs as long as it does, and no longer [gateway.admission]", async () => {
    const { readable, writable } = new TransformStream<Uint8Array>();
    const { gateway, renewed, finished, settle } = setUp({ fetch: async () => new Response(readable) });
    const response = await gateway(await makeRequest());
    await expect.poll(() => renewed.length).toBeGreaterThan(2);
    expect(finished).toEqual([]);
    await Promise.all([writable.close(), response.text()]);
    await settle();
    expect(finished).toEqual(["request-1"]);
    const { length } = renewed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(renewed).toHaveLength(length);
  });

  it("gives back what was set aside for a request whose sender has gone before it could begin [budgets.reservations]", async () => {
    const leaving = new AbortController();
    const finished: unknown[] = [];
    const session = () => ({
      async beginModelRequest() {
        leaving.abort();
        return answer({ request_id: "request-1" });
      },
      renewModelRequest: async () => {},
      finishModelRequest: async (id: string, usage: AnswerUsage | null) => void finished.push([id, usage]),
    });
    const { gateway, upstream, settle } = setUp({ session });
    await gateway(new Request(await makeRequest(), { signal: leaving.signal }));
    await settle();
    expect(upstream).toEqual([]);
    expect(finished).toEqual([["request-1", null]]);
  });

  it("adds the key, passes the request on and streams the answer back [gateway.passthrough]", async () => {
    const { gateway, upstream, questions, finished, settle } = setUp();
    const response = await gateway(await makeRequest());
    expect(await response.text()).toBe("data: x\n\n");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(upstream[0]?.url).toBe("https://model.example/v1/messages?beta=true");
    expect(new Headers(upstream[0]?.init.headers).get("x-api-key")).toBe(KEY);
    expect(new TextDecoder().decode(upstream[0]?.init.body as Uint8Array)).toBe(body);
    const { team_id, runtime_id } = claims;
    const cost = { prompt_bytes: body.length, max_output_tokens: null };
    expect(questions).toEqual([{ team_id, runtime_id, model: "claude-sonnet-5", ...cost }]);
    await settle();
    expect(finished).toEqual(["request-1"]);
  });

  const events = (...list: [string, unknown][]) =>
    list.map(([name, data]) => `event: ${name}\r\ndata: ${JSON.stringify(data)}\r\n\r\n`).join("");
  const begun = { message: { id: "msg_1", model: "claude-sonnet-5", usage: { input_tokens: 7, output_tokens: 1 } } };
  const ended = { usage: { output_tokens: 9 } };

  it("says what an answer used once it has passed, streamed in whatever pieces, or whole [accounting.answer]", async () => {
    const text = events(["message_start", begun], ["content_block_delta", {}], ["message_delta", ended]);
    for (const size of [1, 7, text.length]) {
      const parts = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      });
      const headers = { "content-type": "text/event-stream; charset=utf-8" };
      const { gateway, used, settle } = setUp({ fetch: async () => new Response(body, { headers }) });
      expect(await (await gateway(await makeRequest())).text()).toBe(text);
      await settle();
      expect(used).toMatchObject([{ message_id: "msg_1", usage: { input_tokens: 7, output_tokens: 9 } }]);
    }
    const whole = { ...begun.message, content: [] };
    const { gateway, used, settle } = setUp({ fetch: async () => Response.json(whole) });
    expect(await (await gateway(await makeRequest())).json()).toEqual(whole);
    await settle();
    expect(used).toMatchObject([{ message_id: "msg_1", estimated: false }]);
  });

  it("says it again when the Session object is away for a moment, and that it was lost when it stays away [accounting.answer]", async () => {
    const told: unknown[] = [];
    let failures = 2;
    const session = () => ({
      beginModelRequest: async () => answer({ request_id: "request-1" }),
      renewModelRequest: async () => {},
      async finishModelRequest(_id: string, usage: AnswerUsage | null) {
        if (failures > 0) {
          failures -= 1;
          throw new Error("away");
        }
        told.push(usage);
      },
    });
    const { gateway, settle, lines } = setUp({ session, fetch: async () => Response.json({ ...begun.message }) });
    await (await gateway(await makeRequest())).text();
    await settle();
    expect(told).toMatchObject([{ message_id: "msg_1" }]);
    expect(lines).toEqual([]);
    failures = 9;
    await (await gateway(await makeRequest())).text();
    await settle();
    expect(lines.join()).toContain("usage_lost");
  });

  it("estimates an answer that was cut off before it said anything of itself, and counts none that failed [accounting.answer]", async () => {
    const text = JSON.stringify({ ...begun.message, content: "x".repeat(50_000) });
    let sent = 0;
    const cut = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        sent++ === 0
          ? controller.enqueue(new TextEncoder().encode(text.slice(0, 40_000)))
          : controller.error(new Error("cut")),
    });
    const headers = { "content-type": "application/json" };
    const { gateway, used, settle } = setUp({ fetch: async () => new Response(cut, { headers }) });
    await (await gateway(await makeRequest())).text().catch(() => null);
    await settle();
    const output_tokens = 10_000;
    expect(used).toMatchObject([{ model: "claude-sonnet-5", estimated: true, usage: { output_tokens } }]);
    const failing = setUp({ fetch: async () => Response.json({ type: "error" }, { status: 529 }) });
    await (await failing.gateway(await makeRequest())).text();
    const counting = await makeRequest({ path: "/v1/messages/count_tokens" });
    const free = setUp({ fetch: async () => Response.json({ input_tokens: 5 }) });
    await (await free.gateway(counting)).text();
    await Promise.all([failing.settle(), free.settle()]);
    expect([failing.used, free.used]).toEqual([[null], [null]]);
  });

  it("says what had come when Claude Code goes away in mid-answer, and stops the provider [accounting.answer]", async () => {
    const cancelled = Promise.withResolvers<unknown>();
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part =
          sent++ === 0 ? events(["message_start", begun]) : events(["content_block_delta", { x: "y".repeat(500) }]);
        controller.enqueue(new TextEncoder().encode(part));
      },
      cancel: cancelled.resolve,
    });
    const headers = { "content-type": "text/event-stream" };
    const { gateway, used, settle } = setUp({ fetch: async () => new Response(endless, { headers }) });
    const reader = (await gateway(await makeRequest())).body!.getReader();
    await reader.read();
    await reader.cancel();
    await cancelled.promise;
    await settle();
    expect(used).toMatchObject([{ message_id: "msg_1", estimated: true }]);
  });

  it("takes the token as a bearer too, and sends neither token nor cookies on", async () => {
    const { gateway, upstream } = setUp();
    const token = await signRunToken(claims, SECRET, crypto.subtle);
    const request = await makeRequest({ headers: { authorization: `Bearer ${token}`, cookie: "a=b", "x-evil": "1" } });
    request.headers.delete("x-api-key");
    expect((await gateway(request)).status).toBe(200);
    const sent = new Headers(upstream[0]?.init.headers);
    expect([...sent.keys()].sort()).toEqual(["content-type", "x-api-key"]);
  });

  it("passes known betas and leaves out those that reach elsewhere [gateway.refusals]", async () => {
    const { gateway, upstream } = setUp();
    const headers = {
      "anthropic-beta": "claude-code-20250219, mcp-servers-2025-12-04,files-api-2025-04-14,effort-2025-11-24",
    };
    await gateway(await makeRequest({ headers }));
    expect(new Headers(upstream[0]?.init.headers).get("anthropic-beta")).toBe("claude-code-20250219,effort-2025-11-24");
  });

  it("answers HEAD, by which Claude Code looks whether anybody is there", async () => {
    const { gateway } = setUp();
    for (const path of ["", "/"]) {
      expect((await gateway(await makeRequest({ method: "HEAD", path }))).status).toBe(200);
    }
  });

  it.each([
    ["GET", "/v1/messages"],
    ["POST", "/v1/files"],
    ["POST", "/v1/messages/batches"],
    ["POST", "/v1/messages?beta=true&x=1"],
    ["POST", "/v1/messages/../files"],
    ["POST", "/v1//messages"],
    ["HEAD", "/v1/messages"],
  ])("passes nothing else on: %s %s [gateway.passthrough]", async (method, path) => {
    const { gateway, upstream } = setUp();
    expect((await gateway(await makeRequest({ method, path }))).status).toBe(404);
    expect(upstream).toEqual([]);
  });

  it.each([
    ["missing", async () => ""],
    ["nonsense", async () => "nonsense"],
    ["signed with another secret", () => signRunToken(claims, "other".repeat(8), crypto.subtle)],
    ["expired", () => signRunToken({ ...claims, expires_at: NOW_MS / 1000 }, SECRET, crypto.subtle)],
    ["for another route", () => signRunToken({ ...claims, route: "packs" as "model" }, SECRET, crypto.subtle)],
  ])(
    "answers 401 to a token that is %s, so that Claude Code asks for a fresh one [gateway.token]",
    async (_name, makeToken) => {
      const { gateway, upstream, questions } = setUp();
      const error = await errorOf(await gateway(await makeRequest({ token: await makeToken() })));
      expect(error).toMatchObject({ status: 401, type: "authentication_error" });
      expect([upstream, questions]).toEqual([[], []]);
    },
  );

  it.each([
    ["run_token_refused", 401],
    ["session_not_found", 401],
    ["model_not_allowed", 400],
    ["too_many_model_requests", 429],
  ] as const)("does what the Session object says: %s [gateway.admission]", async (code, status) => {
    const nothing = async () => {};
    const beginModelRequest = async () => failure(code, "No.");
    const session = () => ({ beginModelRequest, renewModelRequest: nothing, finishModelRequest: nothing });
    const { gateway, upstream } = setUp({ session });
    expect(await errorOf(await gateway(await makeRequest()))).toMatchObject({ status, message: "No." });
    expect(upstream).toEqual([]);
  });

  it("refuses what reaches elsewhere before anybody is asked", async () => {
    const { gateway, questions } = setUp();
    const refused = JSON.stringify({ model: "m", mcp_servers: [{}] });
    expect(await errorOf(await gateway(await makeRequest({ body: refused })))).toMatchObject({
      status: 400,
      type: "invalid_request_error",
    });
    expect(questions).toEqual([]);
  });

  it("refuses more than 32 MB, declared or not [gateway.refusals]", async () => {
    const { gateway } = setUp();
    const declared = await makeRequest({ headers: { "content-length": String(33 * 1024 * 1024) } });
    expect((await gateway(declared)).status).toBe(413);
    const chunk = new Uint8Array(1024 * 1024);
    let sent = 0;
    const stream = new ReadableStream({
      pull: (controller) => (sent++ < 33 ? controller.enqueue(chunk) : controller.close()),
    });
    const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
    const token = await signRunToken(claims, SECRET, crypto.subtle);
    const undeclared = new Request("http://localhost:8787/model/v1/messages", {
      ...init,
      headers: { "x-api-key": token },
    });
    expect((await gateway(undeclared)).status).toBe(413);
  });

  it("passes the provider's own errors on in their format, with what says when to try again", async () => {
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const headers = { "retry-after": "3", "anthropic-ratelimit-requests-remaining": "0" };
    const { gateway, finished, settle } = setUp({
      fetch: async () => Response.json(overloaded, { status: 529, headers }),
    });
    const response = await gateway(await makeRequest());
    expect(response.status).toBe(529);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(response.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
    expect(await response.json()).toEqual(overloaded);
    await settle();
    expect(finished).toEqual(["request-1"]);
  });

  it("finishes the request when the provider cannot be reached, and tells nothing of its words [bad_input.secrets]", async () => {
    const unreachable = async () => {
      throw new Error(`connect failed with ${KEY}`);
    };
    const { gateway, finished, settle, lines } = setUp({ fetch: unreachable });
    const error = await errorOf(await gateway(await makeRequest()));
    expect(error).toMatchObject({ status: 529, type: "overloaded_error" });
    expect(JSON.stringify([error, lines])).not.toContain(KEY);
    await settle();
    expect(finished).toEqual(["request-1"]);
  });

  it("finishes the request when the client goes away in mid-stream", async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10)) });
    const { gateway, finished, settle } = setUp({ fetch: async () => new Response(endless) });
    const response = await gateway(await makeRequest());
    await response.body?.cancel();
    await settle();
    expect(finished).toEqual(["request-1"]);
  });

  it("follows no redirect, which would carry the key elsewhere", async () => {
    const redirect = async () => new Response(null, { status: 302, headers: { location: "https://evil.example" } });
    const { gateway, finished, settle } = setUp({ fetch: redirect });
    expect((await gateway(await makeRequest())).status).toBe(529);
    await settle();
    expect(finished).toEqual(["request-1"]);
  });

  it("says why when there is no key that it may use [bad_input.no_key]", async () => {
    const requireModelKey = () => {
      throw new AppError("model_key_missing", "No model key is set.");
    };
    const { gateway, upstream } = setUp({ requireModelKey });
    expect((await errorOf(await gateway(await makeRequest()))).message).toBe("No model key is set.");
    expect(upstream).toEqual([]);
  });
});
