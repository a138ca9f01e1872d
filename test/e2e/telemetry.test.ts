// What is measured while the real Claude Code works: pushed to a receiver as OTLP, and to be had as Prometheus' text.
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METRIC_NAMES } from "../../src/shared/telemetry/metrics.ts";
import { prometheusName } from "../../src/shared/telemetry/prometheus-text.ts";
import { connect, prompt, start, waitForEnd } from "../journeys/person.ts";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { HAS_PROMTOOL, PROMTOOL } from "../support/promtool.ts";
import {
  type MetricsRequest,
  otlpMetricsSchema,
  otlpTracesSchema,
  type TracesRequest,
} from "../support/otlp-schema.ts";
import { callTool, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type Receiver = {
  url: string;
  traces: TracesRequest[];
  metrics: MetricsRequest[];
  status: number;
  headers: string[];
  server: Server;
};

const TOKEN = "metrics-token-for-tests-only";
const [TRACE, OTHER_TRACE] = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"];
const SPAN = "00f067aa0ba902b7";

async function startReceiver(): Promise<Receiver> {
  const receiver = { traces: [], metrics: [], status: 200, headers: [], url: "" } as unknown as Receiver;
  receiver.server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      receiver.headers.push(String(request.headers["x-collector-key"]));
      const body: unknown = JSON.parse(Buffer.concat(parts).toString());
      if (receiver.status === 200 && request.url === "/v1/traces") receiver.traces.push(otlpTracesSchema.parse(body));
      if (receiver.status === 200 && request.url === "/v1/metrics")
        receiver.metrics.push(otlpMetricsSchema.parse(body));
      response.writeHead(receiver.status, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
  receiver.url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}`;
  return receiver;
}

describe("what is measured", () => {
  let receiver: Receiver;
  let stack: Stack;
  let client: Client;
  beforeAll(async () => {
    receiver = await startReceiver();
    const env = {
      METRICS_TOKEN: TOKEN,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=key%20one",
      BERTH_MAX_PERMISSION_MODE: "bypassPermissions",
    };
    stack = await startStack({ sandbox: "process", env });
    client = await connect(stack);
    await client.callToolOrThrow("create_project", { name: "measured" });
  });
  afterAll(async () => {
    await stack?.stop();
    receiver?.server.close();
  });

  /** As a client does that is traced itself: by `_meta` of the request. */
  async function turn(text: string, traceparent?: string) {
    const steps = [[callTool("Bash", { command: "echo measured", description: "as the test says" })], [say("done")]];
    const wish = { project: "measured", permission_mode: "bypassPermissions", prompt: prompt(text, { steps }) };
    const beganAtMs = Date.now();
    const started = await start(traceparent === undefined ? client : tracing(traceparent), wish);
    await waitForEnd(client, started);
    return { ...started, ms: Date.now() - beganAtMs };
  }
  const tracing = (traceparent: string) => ({
    async callToolOrThrow(name: string, args: Record<string, unknown> = {}) {
      const call = { name, arguments: args, _meta: { traceparent } };
      return (await client.client.callTool(call)).structuredContent as Record<string, unknown>;
    },
  });
  const spans = () =>
    receiver.traces.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  async function waitFor(check: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline && !check();) await sleep(200);
    expect(check()).toBe(true);
  }
  const scrape = (token = TOKEN) => fetch(`${stack.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const valueOf = (text: string, name: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(name) && !line.startsWith("#"))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

  it("comes to the receiver as traces from the tool call to model requests and tool calls [telemetry.traces]", async () => {
    const { session_id } = await turn("Say it.", `00-${TRACE}-${SPAN}-01`);
    const ofSession = () =>
      spans().filter(({ attributes }) => attributes.some(({ value }) => value["stringValue"] === session_id));
    await waitFor(() => ofSession().some(({ name }) => name === "invoke_agent claude_code"));
    const byName = (name: string) => ofSession().find((span) => span.name.startsWith(name))!;
    const [session, agent] = [byName("session"), byName("invoke_agent")];
    await waitFor(() => byName("execute_tool Bash") !== undefined && byName("chat ") !== undefined);
    expect(byName("execute_tool Bash").parentSpanId).toBe(agent.spanId);
    expect(byName("chat ").parentSpanId).toBe(agent.spanId);
    expect(agent.parentSpanId).toBe(session.spanId);
    await waitFor(() => spans().some(({ spanId }) => spanId === session.parentSpanId));
    const call = spans().find(({ spanId }) => spanId === session.parentSpanId)!;
    expect(call.name).toBe("tools/call execute_claude");
    expect(call.parentSpanId).toBe(SPAN);
    expect(new Set([...ofSession(), call].map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    for (const span of spans()) expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
    expect(new Set(receiver.headers)).toEqual(new Set(["key one"]));
  });

  it("takes the client's trace from the header of its request too [telemetry.traces]", async () => {
    const send: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set("traceparent", `00-${OTHER_TRACE}-${SPAN}-01`);
      return fetch(input, { ...init, headers });
    };
    const traced = await connectModern(stack.mcpUrl, await signIn(stack.url, stack.signInCode), send);
    await traced.callToolOrThrow("list_projects");
    await traced.close();
    const own = () => spans().find(({ traceId }) => traceId === OTHER_TRACE);
    await waitFor(() => own() !== undefined);
    expect(own()).toMatchObject({ name: "tools/call list_projects", parentSpanId: SPAN });
  });

  it("comes to the receiver as sums, without ids of sessions [telemetry.metrics]", async () => {
    await waitFor(() => receiver.metrics.length > 0);
    const named = () =>
      new Set(
        receiver.metrics.flatMap(({ resourceMetrics }) =>
          resourceMetrics.flatMap(({ scopeMetrics }) =>
            scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
          ),
        ),
      );
    const wanted = [
      "claude_code.sessions.total",
      "claude_code.tokens.total",
      "claude_code.tool.latency",
      "claude_code.sessions.active",
      "claude_code.cost.total",
      "claude_code.sandbox.start.duration",
      "claude_code.gateway.latency",
      "claude_code.checkpoint.duration",
    ];
    await waitFor(() => wanted.every((name) => named().has(name)));
    expect(JSON.stringify(receiver.metrics)).not.toMatch(/session[._]id|conversation/);
  });

  it("is to be had at /metrics for the token alone, in the form that Prometheus reads [telemetry.prometheus]", async () => {
    expect((await scrape("wrong")).status).toBe(401);
    expect((await fetch(`${stack.url}/metrics`)).status).toBe(401);
    const text = await (await scrape()).text();
    expect(valueOf(text, "claude_code_sessions_total")).toBe(1);
    expect(valueOf(text, "claude_code_tokens_total")).toBeGreaterThan(0);
    expect(valueOf(text, "claude_code_tool_latency_seconds_count")).toBe(1);
    const known = new Set(METRIC_NAMES.map(prometheusName));
    for (const [, name = ""] of text.matchAll(/^# TYPE (\S+)/gm)) expect(known.has(name), name).toBe(true);
  });

  it(`has sums that ${PROMTOOL} check metrics [telemetry.prometheus]`, async () => {
    const input = await (await scrape()).text();
    const checked = HAS_PROMTOOL ? execFileSync("promtool", ["check", "metrics"], { input, encoding: "utf8" }) : "";
    expect([checked, input.includes("claude_code_sessions_active")]).toEqual(["", true]);
  });

  it("slows nothing while the receiver is down, and reaches it later [telemetry.outage]", async () => {
    const before = await turn("Once.");
    receiver.status = 503;
    const { session_id, ms } = await turn("Twice.");
    expect(ms).toBeLessThan(before.ms + 3_000);
    await sleep(6_000);
    expect(JSON.stringify(receiver.traces)).not.toContain(session_id);
    receiver.status = 200;
    await waitFor(() => JSON.stringify(receiver.traces).includes(session_id));
    const text = await (await scrape()).text();
    expect(valueOf(text, "claude_code_sessions_total")).toBe(3);
    expect(valueOf(text, "berth_telemetry_dropped_total")).toBe(0);
  });
});
