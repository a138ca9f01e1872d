// Sums up what the team's machines measured, and pushes sums and spans to a collector, behind everything else.
import { batchSchema, type TelemetryBatch } from "../../shared/telemetry/batch.ts";
import { addValue, emptySeries, type Series } from "../../shared/telemetry/metrics.ts";
import { metricsToOtlp, tracesToOtlp, type Resource } from "../../shared/telemetry/otlp-json.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { ObjectStorage } from "../sql/migrate.ts";
import type { OtlpExporter } from "./otlp-exporter.ts";
import { createTelemetryStore, type TelemetryStore } from "./telemetry-store.ts";

/** How long what was measured is gathered before it is pushed. */
const GATHER_MS = 5_000;
const MAX_BACKOFF_MS = 5 * 60_000;
/** With these pauses, about half an hour. */
const MAX_ATTEMPTS = 12;
/** A collector that is away for longer costs the oldest. */
const MAX_SPANS = 5_000;
const BATCH = 200;
/** While a push is under way the alarm looks after it: the object may go in its middle. */
const LOOK_AGAIN_MS = 60_000;

type Parts = {
  storage: ObjectStorage;
  /** Null where nothing is pushed. */
  exporter: OtlpExporter | null;
  /** Tells everything in log lines as well: for development. */
  console: boolean;
  resource(): Resource;
  activeSessions(): number;
  nowMs(): number;
  background(work: Promise<unknown>): void;
  /** Then, or sooner when it was due sooner already. */
  dueBy(atMs: number): void;
  /** Then, whatever it was before; null for not at all. */
  dueAt(atMs: number | null): void;
  logger: ObjectLogger;
};

export type TelemetryDesk = {
  record(batch: TelemetryBatch): void;
  read(): Series[];
  /** The alarm's: pushes what there is, without being waited for. */
  work(): void;
};

export function createTelemetryDesk(parts: Parts): TelemetryDesk {
  const store = createTelemetryStore(parts.storage.sql);
  let isPushing = false;
  const read = (): Series[] => {
    const active = addValue(emptySeries("claude_code.sessions.active", {}), parts.activeSessions());
    return [...store.series(), active];
  };
  const pushAll = async (exporter: OtlpExporter): Promise<void> => {
    try {
      const isDone = (await pushSpans(parts, store, exporter)) && (await pushMetrics(parts, store, { exporter, read }));
      const { failures } = store.state(parts.nowMs());
      store.setState({ failures: isDone ? 0 : failures + 1 });
      const waitMs = isDone ? GATHER_MS : Math.min(GATHER_MS * 2 ** failures, MAX_BACKOFF_MS);
      const isLeft = store.countSpans() > 0 || store.state(parts.nowMs()).changed > 0;
      parts.dueAt(isLeft ? parts.nowMs() + waitMs : null);
    } finally {
      isPushing = false;
    }
  };
  return {
    read,
    record(untrusted) {
      const batch = batchSchema.parse(untrusted);
      const isKept = parts.storage.transactionSync(() => keep(parts, store, batch));
      if (!isKept) return;
      if (parts.console) tell(parts.logger, batch);
      // A push that failed keeps its own pace.
      if (parts.exporter !== null && store.state(parts.nowMs()).failures === 0) parts.dueBy(parts.nowMs() + GATHER_MS);
    },
    work() {
      if (parts.exporter === null) return;
      parts.dueAt(parts.nowMs() + LOOK_AGAIN_MS);
      if (isPushing) return;
      isPushing = true;
      parts.background(pushAll(parts.exporter));
    },
  };
}

function keep(parts: Parts, store: TelemetryStore, batch: TelemetryBatch): boolean {
  const nowMs = parts.nowMs();
  const { changed } = store.state(nowMs);
  if (!store.isNew(batch.batch_id, nowMs)) return false;
  for (const { name, attributes, value } of batch.points) store.add(name, attributes, value);
  if (batch.dropped > 0) store.add("berth.telemetry.dropped", { reason: "not_told" }, batch.dropped);
  if (parts.exporter !== null) for (const span of batch.spans) store.addSpan(span);
  const tooMany = store.countSpans() - MAX_SPANS;
  if (tooMany > 0) drop(parts, store, { ids: store.spans(tooMany).map(({ id }) => id), reason: "buffer_full" });
  store.setState({ changed: changed + 1 });
  return true;
}

/** True when none is left that could be tried now. */
async function pushSpans(parts: Parts, store: TelemetryStore, exporter: OtlpExporter): Promise<boolean> {
  for (let rows = store.spans(BATCH); rows.length > 0; rows = store.spans(BATCH)) {
    const ids = rows.map(({ id }) => id);
    const sent = await exporter.send(
      "traces",
      tracesToOtlp(
        parts.resource(),
        rows.map(({ span }) => span),
      ),
    );
    if (sent.outcome === "try_again") {
      store.countAttempt(ids);
      const givenUp = rows.filter(({ attempts }) => attempts + 1 >= MAX_ATTEMPTS).map(({ id }) => id);
      if (givenUp.length > 0) drop(parts, store, { ids: givenUp, reason: "no_answer" });
      return false;
    }
    if (sent.outcome === "refused") drop(parts, store, { ids, reason: "refused" });
    else store.removeSpans(ids);
    if (sent.outcome === "taken" && sent.rejected > 0) countDropped(parts, store, sent.rejected, "rejected");
  }
  return true;
}

/** Sums lose nothing by waiting: the next push has it all. */
async function pushMetrics(
  parts: Parts,
  store: TelemetryStore,
  { exporter, read }: { exporter: OtlpExporter; read(): Series[] },
): Promise<boolean> {
  const { changed, started_at: startMs } = store.state(parts.nowMs());
  if (changed === 0) return true;
  const body = metricsToOtlp(parts.resource(), read(), { startMs, nowMs: parts.nowMs() });
  const sent = await exporter.send("metrics", body);
  if (sent.outcome === "try_again") return false;
  if (sent.outcome === "refused") parts.logger.info("telemetry_refused", { signal: "metrics", status: sent.status });
  // What came meanwhile is still to be pushed.
  store.setState({ changed: store.state(parts.nowMs()).changed - changed });
  return true;
}

type Dropping = { ids: number[]; reason: "buffer_full" | "no_answer" | "refused" };

function drop(parts: Parts, store: TelemetryStore, { ids, reason }: Dropping): void {
  store.removeSpans(ids);
  countDropped(parts, store, ids.length, reason);
}

function countDropped({ logger }: Parts, store: TelemetryStore, count: number, reason: string): void {
  store.add("berth.telemetry.dropped", { reason }, count);
  logger.info("telemetry_dropped", { count, reason });
}

function tell(logger: ObjectLogger, { points, spans }: TelemetryBatch): void {
  for (const { name, value, attributes } of points) logger.info("metric", { name, value, ...attributes });
  for (const { attributes, ...span } of spans) logger.info("span", { ...span, ...attributes });
}
