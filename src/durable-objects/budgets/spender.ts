// Who a session's work is charged to, and how far it knows the team's configuration.
import type { Spender } from "../../shared/budgets/budget-policy.ts";
import type { SessionRow } from "../sessions/session-store.ts";

export function spenderOf({ team_id, owner_id, project_id, agent_id }: SessionRow): Spender {
  return { team_id, user_id: owner_id, project_id, agent_id };
}
