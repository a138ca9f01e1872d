// How a turn asks its team for a running slot, and renews it.
import type { SlotRequest } from "../../shared/rpc/team-api.ts";
import { rankOf } from "../../shared/teams/priority.ts";
import { spenderOf } from "../budgets/spender.ts";
import type { SessionRow } from "./session-store.ts";
import type { TurnRow } from "./turn-store.ts";

/** Slots are renewed by every watch; one that is not is free again after this long. */
const SLOT_TTL_SECONDS = 120;

/** `configurationVersion`: of the limits that have to be known; 0 for any. */
export function slotRequest(
  session: SessionRow,
  { turn_id, options }: Pick<TurnRow, "turn_id" | "options">,
  configurationVersion: number,
): SlotRequest {
  const { session_id } = session;
  const whose = { ...spenderOf(session), configuration_version: configurationVersion, session_id, turn_id };
  return { ...whose, priority: rankOf(options.priority), ttl_seconds: SLOT_TTL_SECONDS };
}
