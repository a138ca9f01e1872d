// OTLP/HTTP in its JSON encoding: spans and sums as a collector takes them (opentelemetry.io/docs/specs/otlp).
import { type Span, SPAN_KINDS } from "./batch.ts";
import { METRICS, type MetricName, type Series } from "./metrics.ts";

export type Resource = { service_version: string; team_id: string };

type KeyValue = { key: string; value: Record<string, unknown> };

const CUMULATIVE = 2;
const STATUS_ERROR = 2;
/** OTLP counts kinds from 1. */
const kindNumber = (kind: Span["kind"]): number => SPAN_KINDS.indexOf(kind) + 1;

export function tracesToOtlp(resource: Resource, spans: readonly Span[]) {
  const scopeSpans = [{ scope: scopeOf(resource), spans: spans.map(spanToOtlp) }];
  return { resourceSpans: [{ resource: resourceToOtlp(resource), scopeSpans }] };
}

/** `startMs`: since when everything is summed up. */
export function metricsToOtlp(resource: Resource, series: readonly Series[], time: { startMs: number; nowMs: number }) {
  const names = [...new Set(series.map(({ name }) => name))];
  const metrics = names.map((name) =>
    metricToOtlp(
      name,
      series.filter((one) => one.name === name),
      time,
    ),
  );
  return {
    resourceMetrics: [{ resource: resourceToOtlp(resource), scopeMetrics: [{ scope: scopeOf(resource), metrics }] }],
  };
}

function metricToOtlp(name: MetricName, series: readonly Series[], time: { startMs: number; nowMs: number }) {
  const { kind, unit, description, bounds } = METRICS[name];
  const head = { name, unit, description };
  const times = { startTimeUnixNano: nanos(time.startMs), timeUnixNano: nanos(time.nowMs) };
  const points = series.map((one) => ({ attributes: attributesToOtlp(one.attributes), ...times }));
  if (kind === "histogram") {
    const dataPoints = points.map((point, index) => ({ ...point, ...distribution(series[index], bounds) }));
    return { ...head, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  }
  const dataPoints = points.map((point, index) => ({ ...point, asDouble: series[index]?.sum ?? 0 }));
  if (kind === "gauge") return { ...head, gauge: { dataPoints } };
  return { ...head, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
}

function distribution(series: Series | undefined, bounds: readonly number[] = []) {
  const { count = 0, sum = 0, buckets = [] } = series ?? {};
  return { count: String(count), sum, bucketCounts: buckets.map(String), explicitBounds: [...bounds] };
}

function spanToOtlp(span: Span) {
  return {
    traceId: span.trace_id,
    spanId: span.span_id,
    ...(span.parent_span_id === null ? {} : { parentSpanId: span.parent_span_id }),
    name: span.name,
    kind: kindNumber(span.kind),
    startTimeUnixNano: nanos(span.start_ms),
    endTimeUnixNano: nanos(span.end_ms),
    attributes: attributesToOtlp(span.attributes),
    status: span.is_error ? { code: STATUS_ERROR } : {},
  };
}

function resourceToOtlp({ service_version, team_id }: Resource) {
  const attributes = {
    "service.name": "berth",
    "service.version": service_version,
    "service.namespace": "berth",
    "service.instance.id": team_id,
  };
  return { attributes: attributesToOtlp(attributes) };
}

function scopeOf({ service_version }: Resource) {
  return { name: "berth", version: service_version };
}

function attributesToOtlp(attributes: Span["attributes"]): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueToOtlp(value) }));
}

/** 64-bit integers are text in OTLP's JSON. */
function valueToOtlp(value: string | number | boolean): KeyValue["value"] {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function nanos(ms: number): string {
  return `${BigInt(Math.round(ms * 1000)) * 1000n}`;
}
