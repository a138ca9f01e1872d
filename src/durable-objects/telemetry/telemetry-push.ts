// Pushes spans and sums to a collector: what it refuses is narrowed down, and what nobody will get is said and counted.
import { metricsToOtlp, type Resource, tracesToOtlp } from "../../shared/telemetry/otlp-json.ts";
import type { Series } from "../../shared/telemetry/metrics.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { OtlpExporter } from "./otlp-exporter.ts";
import type { StoredSpan, TelemetryStore } from "./telemetry-store.ts";

/** With the desk's pauses, about half an hour. */
const MAX_ATTEMPTS = 12;
const BATCH = 200;
/** By these a collector may mean a single span of many: a batch is halved until it is found. */
const ABOUT_THE_BATCH: ReadonlySet<number> = new Set([400, 413, 422]);
/** Enough for two bad spans of a batch; one that refuses everything is not asked for each. */
const MAX_HALVINGS = 30;

type Parts = {
  store: TelemetryStore;
  exporter: OtlpExporter;
  resource(): Resource;
  read(): Series[];
  nowMs(): number;
  logger: ObjectLogger;
};

/** Each is true when nothing is left that could be tried now. */
export type TelemetryPush = { spans(): Promise<boolean>; sums(): Promise<boolean> };

export function createTelemetryPush(parts: Parts): TelemetryPush {
  return { spans: () => pushSpans(parts), sums: () => pushSums(parts) };
}

async function pushSpans(parts: Parts): Promise<boolean> {
  const { store } = parts;
  let halvings = MAX_HALVINGS;
  const send = async (rows: StoredSpan[]): Promise<boolean> => {
    const spans = rows.map(({ span }) => span);
    const sent = await parts.exporter.send("traces", tracesToOtlp(parts.resource(), spans));
    if (sent.outcome === "try_again") return tryLater(parts, rows);
    if (sent.outcome === "taken") {
      store.removeSpans(idsOf(rows));
      if (sent.rejected > 0) countDropped(parts, { count: sent.rejected, reason: "rejected" });
      return true;
    }
    if (rows.length === 1 || halvings === 0 || !ABOUT_THE_BATCH.has(sent.status)) {
      dropSpans(parts, idsOf(rows), { reason: "refused", status: sent.status });
      return true;
    }
    halvings -= 1;
    const middle = Math.ceil(rows.length / 2);
    return (await send(rows.slice(0, middle))) && (await send(rows.slice(middle)));
  };
  for (let found = store.spans(BATCH); found.spans.length + found.unreadable.length > 0; found = store.spans(BATCH)) {
    if (found.unreadable.length > 0) dropSpans(parts, found.unreadable, { reason: "unreadable" });
    if (found.spans.length > 0 && !(await send(found.spans))) return false;
  }
  return true;
}

function tryLater(parts: Parts, rows: StoredSpan[]): false {
  parts.store.countAttempt(idsOf(rows));
  const givenUp = idsOf(rows.filter(({ attempts }) => attempts + 1 >= MAX_ATTEMPTS));
  if (givenUp.length > 0) dropSpans(parts, givenUp, { reason: "no_answer" });
  return false;
}

/** Sums lose nothing by waiting: the next push has it all. */
async function pushSums({ store, exporter, resource, read, nowMs, logger }: Parts): Promise<boolean> {
  const { changed, started_at: startMs } = store.state(nowMs());
  if (changed === 0) return true;
  const sent = await exporter.send("metrics", metricsToOtlp(resource(), read(), { startMs, nowMs: nowMs() }));
  if (sent.outcome === "try_again") return false;
  if (sent.outcome === "refused") logger.info("telemetry_refused", { signal: "metrics", status: sent.status });
  if (sent.outcome === "taken" && sent.rejected > 0)
    logger.info("telemetry_refused", { signal: "metrics", count: sent.rejected });
  // What came meanwhile is still to be pushed.
  store.setState({ changed: store.state(nowMs()).changed - changed });
  return true;
}

type Dropping = {
  reason: "buffer_full" | "no_answer" | "refused" | "rejected" | "unreadable";
  /** Of the answer that refused them. */
  status?: number;
};

export function dropSpans(parts: Pick<Parts, "store" | "logger" | "nowMs">, ids: number[], dropping: Dropping): void {
  parts.store.removeSpans(ids);
  countDropped(parts, { ...dropping, count: ids.length });
}

function countDropped(
  { store, logger, nowMs }: Pick<Parts, "store" | "logger" | "nowMs">,
  dropped: Dropping & { count: number },
): void {
  store.add("berth.telemetry.dropped", { reason: dropped.reason }, dropped.count);
  store.setState({ changed: store.state(nowMs()).changed + 1 });
  logger.info("telemetry_dropped", dropped);
}

function idsOf(rows: readonly StoredSpan[]): number[] {
  return rows.map(({ id }) => id);
}
