// What Session objects and the Team object say to each other about money.
import type { MoneyState, Spender } from "./budget-policy.ts";
import type { CostEstimate } from "./estimate.ts";

/** How far the team's configuration had come when the session last heard: budgets that were read before are read again. */
export type KnownVersion = { configuration_version: number };

/** Before a model request. `estimate` is null where nobody has said what the model costs. */
export type MoneyRequest = Spender &
  KnownVersion & { request_id: string; session_id: string; estimate: CostEstimate | null };

/** Limits of which four fifths are spent. */
export type MoneyGrant = { nearly_reached: MoneyState[] };

/** After it: what it did cost, 0 where it cost nothing. Counted once by its id. */
export type Settlement = Spender & { request_id: string; usd: number; at_ms: number };
