// Tells the Team object of points and spans, behind the work that they are about: nobody waits, and no more is held than fits.
import { MAX_BATCH, type Point, type Span, type TelemetryBatch } from "./batch.ts";

export type TelemetryTeller = { point(point: Point): void; span(span: Span): void };

type Parts = {
  newId(): string;
  send(batch: TelemetryBatch): Promise<void>;
  /** Keeps the machine awake for it. */
  background(work: Promise<unknown>): void;
  sleep(ms: number): Promise<void>;
  /** What is lost is said in a log line, and with the next batch. */
  onDropped(count: number): void;
};

/** Of each kind. */
const MAX_HELD = 2 * MAX_BATCH;
const RETRIES_MS = [100, 1_000, 5_000] as const;

export const SILENT: TelemetryTeller = { point: () => {}, span: () => {} };

export function createTelemetryTeller(parts: Parts): TelemetryTeller {
  let points: Point[] = [];
  let spans: Span[] = [];
  let dropped = 0;
  let isTelling = false;

  const drop = (count: number): void => {
    dropped += count;
    parts.onDropped(count);
  };
  const takeBatch = (): TelemetryBatch => {
    const batch = {
      batch_id: parts.newId(),
      points: points.slice(0, MAX_BATCH),
      spans: spans.slice(0, MAX_BATCH),
      dropped,
    };
    points = points.slice(MAX_BATCH);
    spans = spans.slice(MAX_BATCH);
    dropped = 0;
    return batch;
  };
  const tellAll = async (): Promise<void> => {
    // What is added in the same breath goes along.
    await Promise.resolve();
    while (points.length + spans.length > 0) {
      const batch = takeBatch();
      if (await sendWithRetries(parts, batch)) continue;
      dropped += batch.dropped;
      drop(batch.points.length + batch.spans.length);
    }
    isTelling = false;
  };
  const kick = (): void => {
    if (isTelling) return;
    isTelling = true;
    parts.background(tellAll());
  };
  const hold = <T>(held: T[], item: T): void => {
    if (held.length >= MAX_HELD) return drop(1);
    held.push(item);
    kick();
  };

  return { point: (point) => hold(points, point), span: (span) => hold(spans, span) };
}

async function sendWithRetries({ send, sleep }: Parts, batch: TelemetryBatch): Promise<boolean> {
  for (const waitMs of [...RETRIES_MS, null]) {
    try {
      await send(batch);
      return true;
    } catch {
      if (waitMs !== null) await sleep(waitMs);
    }
  }
  return false;
}
