// What is asked of the Team object: a running slot for a turn, as a lease that expires, and a place in the audit log.
import type { AuditApi } from "./audit-api.ts";
import type { TelemetryApi } from "./telemetry-api.ts";

export type SlotRequest = {
  team_id: string;
  user_id: string;
  session_id: string;
  turn_id: string;
  ttl_seconds: number;
};

/** `position` counts from 1; `limit` says which one holds it back. */
export type SlotAnswer =
  | { granted: true; expires_at: string }
  | { granted: false; position: number; limit: "team" | "user"; running: number };

export interface TeamApi extends AuditApi, TelemetryApi {
  /** Takes or renews a slot, or keeps a place in the queue: idempotent by turn_id. Who waits is told when its turn comes. */
  requestSlot(request: SlotRequest): Promise<SlotAnswer>;
  /** Gives a slot back, or leaves the queue. */
  releaseSlot(turnId: string): Promise<void>;
  /** Turns that hold a slot now, and turns that wait for one. */
  countSlots(): Promise<{ running: number; waiting: number }>;
}
