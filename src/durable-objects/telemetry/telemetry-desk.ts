// Sums up what the team's machines measured, and pushes sums and spans to a collector, behind everything else.
import { batchSchema, type TelemetryBatch } from "../../shared/telemetry/batch.ts";
import { addValue, emptySeries, type Series } from "../../shared/telemetry/metrics.ts";
import type { Resource } from "../../shared/telemetry/otlp-json.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { ObjectStorage } from "../sql/migrate.ts";
import type { OtlpExporter } from "./otlp-exporter.ts";
import { createTelemetryPush, dropSpans, type TelemetryPush } from "./telemetry-push.ts";
import { createTelemetryStore, type TelemetryStore } from "./telemetry-store.ts";

/** How long what was measured is gathered before it is pushed. */
const GATHER_MS = 5_000;
const MAX_BACKOFF_MS = 5 * 60_000;
/** A collector that is away for longer costs the oldest. */
const MAX_SPANS = 5_000;
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
  /** What keeps spans from being taken does not hold the sums up. */
  const attempt = (push: () => Promise<boolean>): Promise<boolean> =>
    push().catch((error: unknown) => {
      parts.logger.error("telemetry_not_pushed", error);
      return false;
    });
  const pushAll = async ({ spans, sums }: TelemetryPush): Promise<void> => {
    try {
      const areSpansDone = await attempt(spans);
      const isDone = (await attempt(sums)) && areSpansDone;
      const { failures, changed } = store.state(parts.nowMs());
      store.setState({ failures: isDone ? 0 : failures + 1 });
      const waitMs = isDone ? GATHER_MS : Math.min(GATHER_MS * 2 ** failures, MAX_BACKOFF_MS);
      const isLeft = changed > 0 || store.countSpans() > 0;
      parts.dueAt(isLeft ? parts.nowMs() + waitMs : null);
    } finally {
      isPushing = false;
    }
  };
  const push =
    parts.exporter === null ? null : createTelemetryPush({ ...parts, exporter: parts.exporter, store, read });
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
      if (push === null) return;
      parts.dueAt(parts.nowMs() + LOOK_AGAIN_MS);
      if (isPushing) return;
      isPushing = true;
      parts.background(pushAll(push));
    },
  };
}

function keep(parts: Parts, store: TelemetryStore, batch: TelemetryBatch): boolean {
  const nowMs = parts.nowMs();
  if (!store.isNew(batch.batch_id, nowMs)) return false;
  for (const { name, attributes, value } of batch.points) store.add(name, attributes, value);
  if (batch.dropped > 0) store.add("berth.telemetry.dropped", { reason: "not_told" }, batch.dropped);
  if (parts.exporter !== null) for (const span of batch.spans) store.addSpan(span);
  const tooMany = store.countSpans() - MAX_SPANS;
  if (tooMany > 0) dropSpans({ ...parts, store }, store.oldestSpans(tooMany), { reason: "buffer_full" });
  store.setState({ changed: store.state(nowMs).changed + 1 });
  return true;
}

function tell(logger: ObjectLogger, { points, spans }: TelemetryBatch): void {
  for (const { name, value, attributes } of points) logger.info("metric", { name, value, ...attributes });
  for (const { attributes, ...span } of spans) logger.info("span", { ...span, ...attributes });
}
