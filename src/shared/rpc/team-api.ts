// What is asked of the Team object: running slots for turns, money for model requests, a place in the audit log.
import type { MoneyState, Spender } from "../budgets/budget-policy.ts";
import type { KnownVersion, MoneyGrant, MoneyRequest, Settlement } from "../budgets/messages.ts";
import type { Answer, Failure } from "../errors/app-error.ts";
import type { AuditApi } from "./audit-api.ts";
import type { TelemetryApi } from "./telemetry-api.ts";

export type SlotRequest = KnownVersion & {
  team_id: string;
  user_id: string;
  project_id: string;
  agent_id: string | null;
  session_id: string;
  turn_id: string;
  /** Grows with urgency; 0 where it is left out. */
  priority?: number;
  /** It was let begin and works: its slot is renewed, or given back to it where it was lost, whatever the limits say. */
  works?: boolean;
  ttl_seconds: number;
};

/** `position` counts from 1; `limit` says which one holds it back. */
export type SlotAnswer =
  | { granted: true; expires_at: string }
  | { granted: false; position: number; limit: "team" | "user" | "budget"; running: number };

/** A turn that may not begin at all now: its team, person, project or agent has used up what it may use. */
export type SlotRefusal = { granted: false; refused: Failure };

export interface TeamApi extends AuditApi, TelemetryApi {
  /** Takes or renews a slot, or keeps a place in the queue: idempotent by turn_id. Who waits is told when its turn comes. */
  requestSlot(request: SlotRequest): Promise<SlotAnswer | SlotRefusal>;
  /** Gives a slot back, or leaves the queue. */
  releaseSlot(turnId: string): Promise<void>;
  /** Before each model request: sets its cost aside, or refuses. */
  reserveMoney(request: MoneyRequest): Promise<Answer<MoneyGrant>>;
  /** After it; each is counted once, however often it is said. */
  settleMoney(settlements: Settlement[]): Promise<void>;
  /** How the limits stand that a spender counts against. */
  budgetStates(spender: Spender): Promise<MoneyState[]>;
  /** Turns that hold a slot now, and turns that wait for one. */
  countSlots(): Promise<{ running: number; waiting: number }>;
}
