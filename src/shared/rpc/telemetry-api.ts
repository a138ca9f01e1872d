// What others tell the Team object of what they measured, and what it has summed up.
import type { TelemetryBatch } from "../telemetry/batch.ts";
import type { Series } from "../telemetry/metrics.ts";

export interface TelemetryApi {
  recordTelemetry(teamId: string, batch: TelemetryBatch): Promise<void>;
  /** Everything since the team's first point. */
  readMetrics(): Promise<Series[]>;
}
