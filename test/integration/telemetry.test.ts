// The Team object's telemetry on its own storage: summed up once, pushed behind everything else, and kept while nobody takes it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createOtlpExporter } from "../../src/durable-objects/telemetry/otlp-exporter.ts";
import { createTelemetryDesk, type TelemetryDesk } from "../../src/durable-objects/telemetry/telemetry-desk.ts";
import type { Point, Span, TelemetryBatch } from "../../src/shared/telemetry/batch.ts";
import { otlpMetricsSchema, otlpTracesSchema } from "../support/otlp-schema.ts";
import { readConfig } from "../../src/durable-objects/config.ts";
import { apiUsageSchema } from "../../src/shared/accounting/token-usage.ts";
import { inSession, newId, type TestWorld, turnEnd } from "./session-fixture.ts";

type World = {
  desk: TelemetryDesk;
  open(): TelemetryDesk;
  /** What the collector answers; null for none. */
  status: number | null;
  answer: string;
  posts: { url: string; body: any }[];
  due: (number | null)[];
  logged: Record<string, unknown>[];
  nowMs: number;
  /** The alarm, and what it began. */
  push(): Promise<void>;
};

async function withDesk(body: (world: World) => Promise<void>, options: { isPushed?: boolean } = {}) {
  await runInDurableObject(env.TEAM.getByName(newId()), async (_object, state) => {
    const pending: Promise<unknown>[] = [];
    const world: World = {
      desk: null as unknown as TelemetryDesk,
      open: () =>
        createTelemetryDesk({
          storage: state.storage,
          exporter:
            options.isPushed === false
              ? null
              : createOtlpExporter({
                  endpoint: "https://collector.example/otlp/",
                  headers: { "x-key": "one" },
                  async fetch(url, init) {
                    if (world.status === null) throw new Error("connection refused");
                    world.posts.push({ url, body: JSON.parse(init.body as string) });
                    return new Response(world.answer, { status: world.status });
                  },
                }),
          console: false,
          resource: () => ({ service_version: "1", team_id: "team" }),
          activeSessions: () => 3,
          nowMs: () => world.nowMs,
          background: (work) => void pending.push(work),
          dueBy: (atMs) => void world.due.push(atMs),
          dueAt: (atMs) => void world.due.push(atMs),
          logger: {
            info: (event, fields) => void world.logged.push({ event, ...fields }),
            error: (event) => void world.logged.push({ event }),
          },
        }),
      status: 200,
      answer: "",
      posts: [],
      due: [],
      logged: [],
      nowMs: Date.parse("2026-11-21T12:00:00Z"),
      async push() {
        world.desk.work();
        await Promise.all(pending);
      },
    };
    world.desk = world.open();
    await body(world);
  });
}

const point = (value = 1, attributes = {}): Point => ({ name: "claude_code.sessions.total", value, attributes });
const span = (): Span => ({
  trace_id: "a".repeat(32),
  span_id: "b".repeat(16),
  parent_span_id: null,
  name: "session",
  kind: "internal",
  start_ms: Date.parse("2026-11-21T12:00:00Z"),
  end_ms: Date.parse("2026-11-21T12:00:01Z"),
  attributes: {},
  is_error: false,
});
const batch = (wish: Partial<TelemetryBatch> = {}): TelemetryBatch => ({
  batch_id: newId(),
  points: [],
  spans: [],
  dropped: 0,
  ...wish,
});
const valueOf = (desk: TelemetryDesk, name: string) =>
  desk
    .read()
    .filter((one) => one.name === name)
    .reduce((sum, one) => sum + one.sum, 0);

describe("the team's telemetry", () => {
  it("is summed up once, over restarts, and pushed as OTLP [telemetry.metrics]", async () => {
    await withDesk(async (world) => {
      const first = batch({ points: [point(), point(2)], spans: [span()] });
      world.desk.record(first);
      world.desk.record(first);
      world.desk = world.open();
      world.desk.record(batch({ points: [point()] }));
      expect(valueOf(world.desk, "claude_code.sessions.total")).toBe(4);
      await world.push();
      expect(world.posts.map(({ url }) => url)).toEqual([
        "https://collector.example/otlp/v1/traces",
        "https://collector.example/otlp/v1/metrics",
      ]);
      otlpTracesSchema.parse(world.posts[0]?.body);
      otlpMetricsSchema.parse(world.posts[1]?.body);
      expect(JSON.stringify(world.posts[1]?.body)).toContain('"claude_code.sessions.active"');
      // Nothing is left, so nothing is due: the object can rest.
      expect(world.due.at(-1)).toBeNull();
      await world.push();
      expect(world.posts).toHaveLength(2);
    });
  });

  it("waits ever longer for a collector that is down, and loses nothing of it [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.status = null;
      world.desk.record(batch({ points: [point()], spans: [span(), span()] }));
      const waits: number[] = [];
      for (let index = 0; index < 8; index += 1) {
        await world.push();
        waits.push(((world.due.at(-1) ?? 0) - world.nowMs) / 1000);
        world.desk = world.open();
      }
      expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
      // What comes meanwhile does not hurry it.
      const due = world.due.length;
      world.desk.record(batch({ points: [point()] }));
      expect(world.due).toHaveLength(due);
      world.status = 200;
      await world.push();
      expect(world.posts[0]?.body.resourceSpans[0].scopeSpans[0].spans).toHaveLength(2);
      expect(valueOf(world.desk, "berth.telemetry.dropped")).toBe(0);
      expect(world.logged).toEqual([]);
    });
  });

  it("drops spans after so many tries, and says and counts it [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.status = 503;
      world.desk.record(batch({ points: [point()], spans: [span(), span()] }));
      for (let index = 0; index < 12; index += 1) await world.push();
      expect(world.logged).toEqual([{ event: "telemetry_dropped", count: 2, reason: "no_answer" }]);
      world.status = 200;
      world.posts = [];
      await world.push();
      // The sums are whole, and say what was dropped.
      expect(world.posts.map(({ url }) => url)).toEqual(["https://collector.example/otlp/v1/metrics"]);
      expect(JSON.stringify(world.posts[0]?.body)).toMatch(/berth\.telemetry\.dropped.*"asDouble":2\b/);
      expect(valueOf(world.desk, "claude_code.sessions.total")).toBe(1);
    });
  });

  it("drops what the collector refuses, or takes in part, and says so [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.status = 400;
      world.desk.record(batch({ spans: [span()] }));
      await world.push();
      world.status = 200;
      world.answer = '{"partialSuccess":{"rejectedSpans":"3"}}';
      world.desk.record(batch({ spans: [span(), span(), span(), span()] }));
      await world.push();
      const dropped = world.logged.filter(({ event }) => event === "telemetry_dropped");
      expect(dropped.slice(0, 2)).toMatchObject([
        { count: 1, reason: "refused" },
        { count: 3, reason: "rejected" },
      ]);
      expect(valueOf(world.desk, "berth.telemetry.dropped")).toBe(4);
    });
  });

  it("holds no more spans than fit, the oldest go first [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.status = null;
      for (let index = 0; index < 11; index += 1) {
        world.desk.record(batch({ spans: Array.from({ length: 500 }, span) }));
      }
      expect(valueOf(world.desk, "berth.telemetry.dropped")).toBe(500);
      expect(world.logged).toEqual([{ event: "telemetry_dropped", count: 500, reason: "buffer_full" }]);
    });
  });

  it("counts what its tellers had to leave out [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.desk.record(batch({ dropped: 7 }));
      expect(valueOf(world.desk, "berth.telemetry.dropped")).toBe(7);
    });
  });

  it("has no end of series, whatever attributes come [telemetry.labels]", async () => {
    await withDesk(async (world) => {
      for (let index = 0; index < 5; index += 1) {
        const points = Array.from({ length: 500 }, (_, n) => point(1, { "gen_ai.tool.name": `tool-${index}-${n}` }));
        world.desk.record(batch({ points }));
      }
      const series = world.desk.read().filter(({ name }) => name === "claude_code.sessions.total");
      expect(series).toHaveLength(2001);
      expect(series.find(({ attributes }) => "otel.metric.overflow" in attributes)?.sum).toBe(500);
    });
  });

  it("refuses what is none", async () => {
    await withDesk(async (world) => {
      const bad = { ...batch(), points: [{ ...point(), name: "made.up" }] } as unknown as TelemetryBatch;
      expect(() => world.desk.record(bad)).toThrow();
      expect(valueOf(world.desk, "claude_code.sessions.total")).toBe(0);
    });
  });

  it("keeps no spans and has no alarm where nothing is pushed [telemetry.off]", async () => {
    await withDesk(
      async (world) => {
        world.desk.record(batch({ points: [point()], spans: [span()] }));
        await world.push();
        expect([world.due, world.posts]).toEqual([[], []]);
        expect(valueOf(world.desk, "claude_code.sessions.total")).toBe(1);
      },
      { isPushed: false },
    );
  });
});

describe("what a session measures", () => {
  const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  const measuring = { config: { ...readConfig(env), telemetry: { ...readConfig(env).telemetry, isOn: true } } };
  const spansOf = ({ measured }: TestWorld) => measured.flatMap(({ spans }) => spans);
  const pointsOf = ({ measured }: TestWorld, name: string) =>
    measured.flatMap(({ points }) => points).filter((one) => one.name === name);
  const usage = apiUsageSchema.parse({ input_tokens: 100, output_tokens: 20 });
  const answered = { message_id: "msg_1", model: "claude-sonnet-5-20260101", usage, estimated: false };
  const timing = {
    model: "claude-sonnet-5",
    started_at_ms: 1000,
    answered_at_ms: 1400,
    ended_at_ms: 3000,
    status: 200,
  };
  const toolUse = {
    type: "assistant",
    message: { content: [{ type: "tool_use", id: "toolu_1", name: "Bash", input: {} }] },
  };
  const toolResult = { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "toolu_1" }] } };

  async function workThrough(world: TestWorld, traceparent?: string): Promise<string> {
    const submitted = world.submit({ prompt: "do it", ...(traceparent === undefined ? {} : { traceparent }) });
    if (!submitted.ok) throw new Error(submitted.error.message);
    await world.session.driver.drive();
    const { turn_id } = submitted.value;
    const runner = world.runner!;
    const message = { kind: "message", turn_id, body: undefined } as const;
    await runner.say({ kind: "turn_started", turn_id, origin: "prompt" }, { ...message, message: toolUse });
    await runner.say({ ...message, message: toolResult, tool_durations: { toolu_1: 250 } });
    const row = world.session.sessions.get();
    const question = { team_id: row.team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5" };
    const begun = [await world.session.models.begin(question), await world.session.models.begin(question)];
    for (const one of begun) if (one.ok) world.session.models.finish(one.value.request_id, answered, timing);
    await runner.say(turnEnd(turn_id));
    await world.settle();
    return turn_id;
  }

  it("is one trace below the client's, and each answer's tokens once [telemetry.traces] [telemetry.metrics]", async () => {
    await inSession(async (world) => {
      await workThrough(world, `00-${TRACE}-00f067aa0ba902b7-01`);
      const spans = spansOf(world);
      const byName = (name: string) => spans.filter((one) => one.name.startsWith(name));
      const [session, turn] = [byName("session")[0]!, byName("invoke_agent")[0]!];
      expect(new Set(spans.map(({ trace_id }) => trace_id))).toEqual(new Set([TRACE]));
      expect([session.parent_span_id, turn.parent_span_id]).toEqual(["00f067aa0ba902b7", session.span_id]);
      expect(byName("execute_tool Bash")).toMatchObject([{ parent_span_id: turn.span_id, is_error: false }]);
      expect(byName("chat claude-sonnet-5")).toMatchObject([
        {
          parent_span_id: turn.span_id,
          start_ms: 1000,
          end_ms: 3000,
          attributes: { "gen_ai.usage.output_tokens": 20 },
        },
        { parent_span_id: turn.span_id },
      ]);
      expect(pointsOf(world, "claude_code.tool.latency")).toMatchObject([
        { value: 250, attributes: { "gen_ai.tool.name": "Bash", outcome: "ok" } },
      ]);
      expect(pointsOf(world, "claude_code.tokens.total").map(({ value }) => value)).toEqual([100, 20]);
      expect(pointsOf(world, "claude_code.cost.total")).toHaveLength(1);
      expect(pointsOf(world, "claude_code.gateway.latency").map(({ value }) => value)).toEqual([400, 400]);
      expect(pointsOf(world, "claude_code.turn.duration")).toMatchObject([{ attributes: { status: "completed" } }]);
      const { session_id } = world.session.sessions.get();
      expect(JSON.stringify(world.measured.map(({ points }) => points))).not.toContain(session_id);
      expect(JSON.stringify(world.measured)).not.toContain("do it");
    }, measuring);
  });

  it("has points and no spans where the client's trace is not sampled, and a trace of its own without one [telemetry.traces]", async () => {
    await inSession(async (world) => {
      await workThrough(world, `00-${TRACE}-00f067aa0ba902b7-00`);
      expect(spansOf(world)).toEqual([]);
      expect(pointsOf(world, "claude_code.turn.duration")).toHaveLength(1);
      const turnId = await workThrough(world, "nonsense");
      expect(spansOf(world)[0]?.trace_id).toBe(turnId.replaceAll("-", ""));
    }, measuring);
  });

  it("holds nothing up, and says what it dropped, while the team's object is away [telemetry.outage]", async () => {
    await inSession(async (world) => {
      const turnId = await workThrough(world);
      world.measured.length = 0;
      world.down = "objects";
      world.session.telemetry.sessionCreated();
      await world.settle();
      expect(world.measured).toEqual([]);
      expect(world.session.turns.get(turnId)?.status).toBe("completed");
      world.down = null;
      world.session.telemetry.sessionCreated();
      await world.settle();
      expect(world.measured).toMatchObject([{ dropped: 1, points: [{ value: 1 }] }]);
    }, measuring);
  });

  it("is nothing where nobody would see it [telemetry.off]", async () => {
    await inSession(async (world) => {
      await workThrough(world);
      expect(world.measured).toEqual([]);
    });
  });
});
