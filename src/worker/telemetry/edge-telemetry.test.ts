import { describe, expect, it } from "vitest";
import type { Point, Span } from "../../shared/telemetry/batch.ts";
import { createEdgeTelemetry } from "./edge-telemetry.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

function setUp(isOn = true) {
  const told: Span[] = [];
  const points: Point[] = [];
  const work: Promise<unknown>[] = [];
  let nowMs = 1_000;
  const telemetry = createEdgeTelemetry({
    isOn,
    team: () => ({
      async recordTelemetry(_team, batch) {
        told.push(...batch.spans);
        points.push(...batch.points);
      },
    }),
    nowMs: () => (nowMs += 250),
    newId: () => crypto.randomUUID(),
    randomBytes: (count) => new Uint8Array(count).fill(0xab),
    waitUntil: (one) => void work.push(one),
    logger: { log: () => {}, logUnexpected: () => "" },
  });
  return {
    async call(traceparent: unknown, isError = false) {
      const trace = telemetry.beginToolCall({ teamId: "team", tool: "execute_claude", traceparent });
      trace.end({ isError });
      await Promise.all(work);
      return { handedOn: trace.traceparent, span: told.at(-1), point: points.at(-1) };
    },
  };
}

describe("a call of a tool", () => {
  it("is a span below the client's, and what it begins belongs below that [telemetry.traces]", async () => {
    const { handedOn, span } = await setUp().call(`00-${TRACE}-${SPAN}-01`);
    expect(handedOn).toBe(`00-${TRACE}-${"ab".repeat(8)}-01`);
    expect(span).toEqual({
      trace_id: TRACE,
      span_id: "ab".repeat(8),
      parent_span_id: SPAN,
      name: "tools/call execute_claude",
      kind: "server",
      start_ms: 1_250,
      end_ms: 1_500,
      is_error: false,
      attributes: {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "execute_claude",
        "gen_ai.operation.name": "execute_tool",
      },
    });
  });

  it("begins a trace where the client has none, or what is none [telemetry.traces]", async () => {
    for (const traceparent of [null, undefined, "nonsense", 7]) {
      const { handedOn, span } = await setUp().call(traceparent);
      expect([handedOn, span?.parent_span_id]).toEqual([`00-${"ab".repeat(16)}-${"ab".repeat(8)}-01`, null]);
    }
  });

  it("that failed says so as OpenTelemetry does [telemetry.traces]", async () => {
    const { span, point } = await setUp().call(null, true);
    expect(span).toMatchObject({ is_error: true, attributes: { "error.type": "tool_error" } });
    expect(point).toMatchObject({ name: "mcp.server.operation.duration", value: 0.25, attributes: span?.attributes });
  });

  it("is measured without a span where the client's trace is not sampled, and not where nobody would see it [telemetry.traces] [telemetry.off]", async () => {
    const unsampled = await setUp().call(`00-${TRACE}-${SPAN}-00`);
    expect(unsampled).toMatchObject({ handedOn: `00-${TRACE}-${"ab".repeat(8)}-00`, point: { value: 0.25 } });
    expect(unsampled.span).toBeUndefined();
    expect(await setUp(false).call(null)).toMatchObject({ span: undefined, point: undefined });
  });
});
