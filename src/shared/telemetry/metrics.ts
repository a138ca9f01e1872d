// The metrics that there are, each with its unit and what it says; names follow OpenTelemetry's semantic conventions.

export type MetricKind = "counter" | "histogram" | "gauge";
export type Metric = { kind: MetricKind; unit: string; description: string; bounds?: readonly number[] };

const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] as const;
const LONG = [10, 60, 300, 900, 3600, 14_400, 86_400] as const;
/** As OpenTelemetry's conventions for MCP have them. */
const CALLS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;
const MILLISECONDS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000] as const;

const catalogue = {
  "claude_code.sessions.total": { kind: "counter", unit: "{session}", description: "Sessions that were begun." },
  "claude_code.sessions.active": {
    kind: "gauge",
    unit: "{session}",
    description: "Sessions with a turn that holds a running slot.",
  },
  "claude_code.session.duration": {
    kind: "histogram",
    unit: "s",
    description: "From a session's beginning to its end.",
    bounds: LONG,
  },
  "claude_code.turn.duration": {
    kind: "histogram",
    unit: "s",
    description: "From a turn's start to its end.",
    bounds: SECONDS,
  },
  "claude_code.tokens.total": { kind: "counter", unit: "{token}", description: "Tokens that models used." },
  "claude_code.cost.total": {
    kind: "counter",
    unit: "USD",
    description: "What models cost, where their price is known.",
  },
  "claude_code.tool.latency": {
    kind: "histogram",
    unit: "ms",
    description: "How long tool calls of Claude Code took.",
    bounds: MILLISECONDS,
  },
  "claude_code.checkpoint.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long it took to take a checkpoint.",
    bounds: SECONDS,
  },
  "claude_code.sandbox.start.duration": {
    kind: "histogram",
    unit: "s",
    description: "From the start of a sandbox until its runner answered.",
    bounds: SECONDS,
  },
  "claude_code.gateway.latency": {
    kind: "histogram",
    unit: "ms",
    description: "From a model request's arrival at the gateway to the first of the provider's answer.",
    bounds: MILLISECONDS,
  },
  "gen_ai.client.operation.duration": {
    kind: "histogram",
    unit: "s",
    description: "From a model request's arrival at the gateway to the end of the answer.",
    bounds: SECONDS,
  },
  "mcp.server.operation.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long calls of Berth's own tools took; those that wait take up to 40 seconds by design.",
    bounds: CALLS,
  },
  "berth.telemetry.dropped": {
    kind: "counter",
    unit: "{item}",
    description: "Spans and points that nobody will get: the exporter was down for too long, or refused them.",
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof catalogue;
export const METRICS: Record<MetricName, Metric> = catalogue;
export const METRIC_NAMES = Object.keys(catalogue) as [MetricName, ...MetricName[]];

/** One stream of numbers: a metric with one set of attributes, summed up since its start. */
export type Series = {
  name: MetricName;
  attributes: Record<string, string>;
  /** The counter's or gauge's value, or the sum of a histogram's. */
  sum: number;
  /** Of a histogram: how many values, and how many in each bucket; the last one has no bound. */
  count: number;
  buckets: number[];
};

export function emptySeries(name: MetricName, attributes: Record<string, string>): Series {
  const { bounds } = METRICS[name];
  return { name, attributes, sum: 0, count: 0, buckets: bounds === undefined ? [] : [...bounds, 0].map(() => 0) };
}

/** The series with one more value. */
export function addValue(series: Series, value: number): Series {
  const { bounds = [] } = METRICS[series.name];
  const found = bounds.findIndex((bound) => value <= bound);
  const bucket = found === -1 ? bounds.length : found;
  const buckets = series.buckets.map((count, index) => (index === bucket ? count + 1 : count));
  return { ...series, sum: series.sum + value, count: series.count + 1, buckets };
}

export function seriesKey({ name, attributes }: Pick<Series, "name" | "attributes">): string {
  return JSON.stringify([name, ...Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1))]);
}

/** Sums of several teams as one. */
export function mergeSeries(all: readonly Series[]): Series[] {
  const merged = new Map<string, Series>();
  for (const series of all) {
    const key = seriesKey(series);
    const known = merged.get(key);
    merged.set(key, known === undefined ? series : addUp(known, series));
  }
  return [...merged.values()];
}

function addUp(left: Series, right: Series): Series {
  const buckets = left.buckets.map((count, index) => count + (right.buckets[index] ?? 0));
  return { ...left, sum: left.sum + right.sum, count: left.count + right.count, buckets };
}
