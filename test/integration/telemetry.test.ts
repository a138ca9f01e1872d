// The Team object's telemetry on its own storage: summed up once, pushed behind everything else, and kept while nobody takes it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createOtlpExporter } from "../../src/durable-objects/telemetry/otlp-exporter.ts";
import { createTelemetryDesk, type TelemetryDesk } from "../../src/durable-objects/telemetry/telemetry-desk.ts";
import type { Point, Span, TelemetryBatch } from "../../src/shared/telemetry/batch.ts";
import { otlpMetricsSchema, otlpTracesSchema } from "../support/otlp-schema.ts";
import { newId } from "./session-fixture.ts";

type World = {
  desk: TelemetryDesk;
  open(): TelemetryDesk;
  /** What the collector answers; null for none. */
  status: number | null | ((url: string, body: any) => number);
  answer: string;
  posts: { url: string; body: any }[];
  due: (number | null)[];
  logged: Record<string, unknown>[];
  nowMs: number;
  /** Whether a push ends in an exception. */
  isBroken: boolean;
  /** Leaves spans that nobody can read. */
  spoil(): void;
  /** Whether SQLite needs no look at every row for that. */
  isIndexed(statement: string): boolean;
  /** The alarm, and what it began. */
  push(): Promise<void>;
};

async function withDesk(
  body: (world: World) => Promise<void>,
  options: { isPushed?: boolean; console?: boolean } = {},
) {
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
                    const body = JSON.parse(init.body as string);
                    world.posts.push({ url, body });
                    const status = typeof world.status === "number" ? world.status : world.status(url, body);
                    return new Response(world.answer, { status });
                  },
                }),
          console: options.console ?? false,
          resource() {
            if (world.isBroken) throw new Error("broken");
            return { service_version: "1", team_id: "team" };
          },
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
      isBroken: false,
      logged: [],
      nowMs: Date.parse("2026-11-21T12:00:00Z"),
      spoil: () => void state.storage.sql.exec("UPDATE telemetry_spans SET span = '{}'"),
      isIndexed: (statement) =>
        JSON.stringify(state.storage.sql.exec(`EXPLAIN QUERY PLAN ${statement}`).toArray()).includes("SEARCH"),
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

  it("loses of a batch that is refused what is bad in it alone [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      const isBad = (body: unknown) => JSON.stringify(body).includes('"name":"bad');
      world.status = (url, body) => (url.endsWith("/traces") && isBad(body) ? 400 : 200);
      const spans = Array.from({ length: 200 }, (_, n) => ({
        ...span(),
        name: [17, 150].includes(n) ? "bad" : `${n}`,
      }));
      world.desk.record(batch({ spans }));
      await world.push();
      const taken = world.posts
        .filter(({ url, body }) => url.endsWith("/traces") && !isBad(body))
        .flatMap(({ body }) => body.resourceSpans[0].scopeSpans[0].spans.map(({ name }: Span) => name));
      expect(taken).toHaveLength(198);
      expect(new Set(taken).size).toBe(198);
      expect(valueOf(world.desk, "berth.telemetry.dropped")).toBe(2);
      expect(world.posts.length).toBeLessThan(40);
    });
  });

  it("does not ask for each span by itself when the collector refuses them all, or the key [telemetry.outage]", async () => {
    for (const [status, most] of [
      [400, 80],
      [401, 3],
    ] as const) {
      await withDesk(async (world) => {
        world.status = status;
        world.desk.record(batch({ spans: Array.from({ length: 400 }, span) }));
        await world.push();
        expect(valueOf(world.desk, "berth.telemetry.dropped")).toBe(400);
        expect(world.posts.length).toBeLessThanOrEqual(most);
        const told = world.logged.filter(({ event }) => event === "telemetry_dropped");
        expect(told.reduce((sum, { count }) => sum + Number(count), 0)).toBe(400);
        expect(told[0]).toMatchObject({ reason: "refused", status });
      });
    }
  });

  it("is never shorter than nothing, where a clock went back [telemetry.metrics] [telemetry.traces]", async () => {
    await withDesk(async (world) => {
      const back = { ...span(), end_ms: span().start_ms - 5_000 };
      const points = [point(-1), { ...point(-0.5), name: "claude_code.turn.duration" as const }];
      world.desk.record(batch({ points, spans: [back] }));
      await world.push();
      const sent = world.posts[0]?.body.resourceSpans[0].scopeSpans[0].spans[0];
      expect(sent.endTimeUnixNano).toBe(sent.startTimeUnixNano);
      expect(valueOf(world.desk, "claude_code.turn.duration")).toBe(0);
      expect(valueOf(world.desk, "claude_code.sessions.total")).toBe(0);
    });
  });

  it("has its sums pushed while spans are not taken [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.status = (url) => (url.endsWith("/traces") ? 503 : 200);
      world.desk.record(batch({ points: [point(7)], spans: [span()] }));
      await world.push();
      expect(JSON.stringify(world.posts.at(-1)?.body)).toContain('"asDouble":7');
      // The spans still wait, ever longer.
      await world.push();
      expect((world.due.at(-1) ?? 0) - world.nowMs).toBe(10_000);
      expect(world.posts.filter(({ url }) => url.endsWith("/metrics"))).toHaveLength(1);
    });
  });

  it("waits as for a collector that is down when a push throws, and says so [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.desk.record(batch({ points: [point(7)], spans: [span()] }));
      world.isBroken = true;
      await world.push();
      await world.push();
      expect((world.due.at(-1) ?? 0) - world.nowMs).toBe(10_000);
      expect(world.logged).toEqual(Array.from({ length: 4 }, () => ({ event: "telemetry_not_pushed" })));
      world.isBroken = false;
      await world.push();
      expect(world.posts).toHaveLength(2);
      expect(world.due.at(-1)).toBeNull();
    });
  });

  it("is not held up by a span that nobody can read [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.desk.record(batch({ spans: [span()] }));
      world.spoil();
      world.desk.record(batch({ spans: [span(), span()] }));
      await world.push();
      expect(world.posts[0]?.body.resourceSpans[0].scopeSpans[0].spans).toHaveLength(2);
      expect(world.logged).toEqual([{ event: "telemetry_dropped", count: 1, reason: "unreadable" }]);
    });
  });

  it("says when the collector does not take some of the sums [telemetry.outage]", async () => {
    await withDesk(async (world) => {
      world.answer = '{"partialSuccess":{"rejectedDataPoints":"2"}}';
      world.desk.record(batch({ points: [point()] }));
      await world.push();
      expect(world.logged).toEqual([{ event: "telemetry_refused", signal: "metrics", count: 2 }]);
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
      // Another metric has its own room.
      world.desk.record(batch({ points: [{ ...point(), name: "claude_code.cost.total" }] }));
      expect(world.desk.read()).toContainEqual(
        expect.objectContaining({ name: "claude_code.cost.total", attributes: {} }),
      );
      const series = world.desk.read().filter(({ name }) => name === "claude_code.sessions.total");
      expect(series).toHaveLength(2001);
      expect(series.find(({ attributes }) => "otel.metric.overflow" in attributes)?.sum).toBe(500);
    });
  });

  it("forgets the batches of before without looking at each [telemetry.metrics]", async () => {
    await withDesk(async (world) => {
      expect(world.isIndexed("DELETE FROM telemetry_known WHERE until <= 1")).toBe(true);
    });
  });

  it("refuses what is none", async () => {
    await withDesk(async (world) => {
      const bad = { ...batch(), points: [{ ...point(), name: "made.up" }] } as unknown as TelemetryBatch;
      expect(() => world.desk.record(bad)).toThrow();
      expect(valueOf(world.desk, "claude_code.sessions.total")).toBe(0);
    });
  });

  it("is told in log lines for development, once [telemetry.console]", async () => {
    await withDesk(
      async (world) => {
        const told = batch({ points: [point(2, { runtime: "claude_code" })], spans: [span()] });
        world.desk.record(told);
        world.desk.record(told);
        expect(world.logged).toEqual([
          { event: "metric", name: "claude_code.sessions.total", value: 2, runtime: "claude_code" },
          expect.objectContaining({ event: "span", name: "session", trace_id: "a".repeat(32) }),
        ]);
      },
      { isPushed: false, console: true },
    );
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
