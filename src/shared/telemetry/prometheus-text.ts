// Sums in Prometheus' text format: names and units as Prometheus wants them, seconds throughout.
import { METRIC_NAMES, METRICS, type MetricName, type Series } from "./metrics.ts";

export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const UNITS: Record<string, { suffix: string; factor: number }> = {
  s: { suffix: "_seconds", factor: 1 },
  ms: { suffix: "_seconds", factor: 0.001 },
  USD: { suffix: "_usd", factor: 1 },
};

/** Such as claude_code_tool_latency_seconds for claude_code.tool.latency in ms. */
export function prometheusName(name: MetricName): string {
  const { kind, unit } = METRICS[name];
  const base = name.replaceAll(".", "_").replace(/_total$/, "") + (UNITS[unit]?.suffix ?? "");
  return kind === "counter" ? `${base}_total` : base;
}

export function writePrometheus(series: readonly Series[]): string {
  return METRIC_NAMES.map((name) =>
    writeMetric(
      name,
      series.filter((one) => one.name === name),
    ),
  ).join("");
}

function writeMetric(name: MetricName, series: readonly Series[]): string {
  if (series.length === 0) return "";
  const { kind, description } = METRICS[name];
  const shown = prometheusName(name);
  const head = `# HELP ${shown} ${description}\n# TYPE ${shown} ${kind}\n`;
  return head + series.flatMap((one) => writeSeries(shown, one)).join("");
}

function writeSeries(shown: string, series: Series): string[] {
  const { kind, unit, bounds = [] } = METRICS[series.name];
  const factor = UNITS[unit]?.factor ?? 1;
  const labels = Object.entries(series.attributes).map(([key, value]) => [
    key.replaceAll(/[^a-zA-Z0-9_]/g, "_"),
    value,
  ]);
  const line = (suffix: string, value: number, more: string[][] = []): string =>
    `${shown}${suffix}${writeLabels([...labels, ...more])} ${value}\n`;
  if (kind !== "histogram") return [line("", series.sum * factor)];
  let below = 0;
  const buckets = [...bounds, Infinity].map((bound, index) => {
    below += series.buckets[index] ?? 0;
    return line("_bucket", below, [["le", bound === Infinity ? "+Inf" : String(tidy(bound * factor))]]);
  });
  return [...buckets, line("_sum", series.sum * factor), line("_count", series.count)];
}

/** 0.005 rather than 0.005000000000000001. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

function writeLabels(labels: string[][]): string {
  if (labels.length === 0) return "";
  return `{${labels.map(([key = "", value = ""]) => `${key}="${escapeLabel(value)}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
