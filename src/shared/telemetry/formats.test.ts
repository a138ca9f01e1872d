import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { otlpMetricsSchema, otlpTracesSchema } from "../../../test/support/otlp-schema.ts";
import { HAS_PROMTOOL, PROMTOOL } from "../../../test/support/promtool.ts";
import type { Span } from "./batch.ts";
import { modelLabel, toolLabel } from "./labels.ts";
import { addValue, emptySeries, mergeSeries, METRIC_NAMES, METRICS, type Series } from "./metrics.ts";
import { metricsToOtlp, tracesToOtlp } from "./otlp-json.ts";
import { prometheusName, writePrometheus } from "./prometheus-text.ts";
import { readMetricsToken, readOtlpHeaders } from "./settings.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const resource = { service_version: "1.0.0", team_id: "team" };
const all: Series[] = METRIC_NAMES.flatMap((name) => [
  addValue(addValue(emptySeries(name, { runtime: "claude_code" }), 3), 70_000),
  addValue(emptySeries(name, { "gen_ai.tool.name": 'a "quoted" \\ name\nof two lines' }), 0.5),
]);

describe("sums and spans", () => {
  it("are OTLP's JSON, whole numbers as text, with all there is [telemetry.metrics]", () => {
    const written = otlpMetricsSchema.parse(metricsToOtlp(resource, all, { startMs: NOW - 1000, nowMs: NOW }));
    const metrics = written.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
    expect(metrics.map(({ name }) => name)).toEqual(METRIC_NAMES);
    expect(metrics.find(({ name }) => name === "claude_code.tool.latency")).toMatchObject({
      unit: "ms",
      histogram: {
        dataPoints: [{ count: "2", sum: 70_003, startTimeUnixNano: "1795262399000000000" }, { count: "1" }],
      },
    });
    expect(metrics.find(({ name }) => name === "claude_code.session.duration")?.unit).toBe("s");
  });

  it("are OTLP's JSON with spans, their times to the microsecond [telemetry.traces]", () => {
    const span: Span = {
      trace_id: "a".repeat(32),
      span_id: "b".repeat(16),
      parent_span_id: null,
      name: "chat",
      kind: "client",
      start_ms: NOW + 0.25,
      end_ms: NOW + 1,
      is_error: true,
      attributes: {
        text: "x",
        whole: 7,
        part: 0.5,
        flag: true,
      },
    };
    const written = otlpTracesSchema.parse(tracesToOtlp(resource, [span, { ...span, parent_span_id: "c".repeat(16) }]));
    const [first, second] = written.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(first).toMatchObject({ kind: 3, startTimeUnixNano: "1795262400000250000", status: { code: 2 } });
    expect([first?.parentSpanId, second?.parentSpanId]).toEqual([undefined, "c".repeat(16)]);
    expect(first?.attributes.map(({ value }) => value)).toEqual([
      { stringValue: "x" },
      { intValue: "7" },
      { doubleValue: 0.5 },
      { boolValue: true },
    ]);
  });

  it("are Prometheus' text, in its base units [telemetry.prometheus]", () => {
    expect([prometheusName("claude_code.tool.latency"), prometheusName("claude_code.cost.total")]).toEqual([
      "claude_code_tool_latency_seconds",
      "claude_code_cost_usd_total",
    ]);
    const latency = addValue(addValue(emptySeries("claude_code.tool.latency", { runtime: "x" }), 7), 90_000);
    expect(writePrometheus([latency]).split("\n").slice(0, 5)).toEqual([
      "# HELP claude_code_tool_latency_seconds How long tool calls of Claude Code took.",
      "# TYPE claude_code_tool_latency_seconds histogram",
      'claude_code_tool_latency_seconds_bucket{runtime="x",le="0.005"} 0',
      'claude_code_tool_latency_seconds_bucket{runtime="x",le="0.01"} 1',
      'claude_code_tool_latency_seconds_bucket{runtime="x",le="0.025"} 1',
    ]);
    expect(writePrometheus([latency])).toContain('_bucket{runtime="x",le="+Inf"} 2\n');
  });

  it(`${PROMTOOL} check metrics, all that there are [telemetry.prometheus]`, () => {
    const input = writePrometheus(all);
    const checked = HAS_PROMTOOL ? execFileSync("promtool", ["check", "metrics"], { input, encoding: "utf8" }) : "";
    expect(checked).toBe("");
    expect(input.match(/^# TYPE /gm)).toHaveLength(METRIC_NAMES.length);
  });

  it("of several teams are one [telemetry.prometheus]", () => {
    const merged = mergeSeries([...all, ...all]);
    expect(merged).toHaveLength(all.length);
    const doubled = merged.find(({ name, count }) => METRICS[name].kind === "histogram" && count === 4);
    expect(doubled?.buckets.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(doubled?.sum).toBe(140_006);
  });

  it("have few names of tools, whatever MCP servers and models come up with [telemetry.labels]", () => {
    const names = ["Bash", "mcp__github__search", "mcp__x", "NotebookEdit"];
    expect(names.map(toolLabel)).toEqual(["Bash", "mcp", "mcp", "NotebookEdit"]);
    for (const name of ["a b", "", "X".repeat(99), "bash-1", "Invented", "constructor"]) {
      expect(toolLabel(name)).toBe("other");
    }
  });

  it("have few names of models: those with a price [telemetry.labels]", () => {
    const price = { input: 1, output: 1, cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, web_search: 1 };
    const label = (name: string | null) => modelLabel(name, { "our-own": price });
    expect(["claude-sonnet-5-20260101", "anthropic.claude-opus-5-v1:0", "our-own"].map(label)).toEqual([
      "claude-sonnet-5",
      "claude-opus-5",
      "our-own",
    ]);
    expect([null, "", "claude-made-up", "toString", "our-own please"].map(label)).toEqual(Array(5).fill("other"));
  });

  it("take their settings as OpenTelemetry has them, and `none` for none [telemetry.off]", () => {
    expect(readOtlpHeaders("api-key=a%20b, X-Tenant=c=d")).toEqual({ "api-key": "a b", "x-tenant": "c=d" });
    expect([readOtlpHeaders("none"), readOtlpHeaders("")]).toEqual([{}, {}]);
    expect(() => readOtlpHeaders("no pair")).toThrow("name=value");
    expect([readMetricsToken("none"), readMetricsToken("")]).toEqual(["", ""]);
    expect(() => readMetricsToken("short")).toThrow("16 characters");
  });
});
