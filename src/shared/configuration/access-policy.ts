// Who may change which scope, and whether a change takes a person's confirmation.
import type { Principal } from "../teams/principal.ts";
import type { Place } from "./place.ts";

/** Whose a place is: of a project and a session their owner; null when there is none of that id in the team. */
export type PlaceOwner = { team_id: string; owner_id: string | null } | null;

/**
 * `ok`, `hidden` for a place that this person does not see, `role` for one that they see and may not change.
 * The team's is its owners'; everything else is the person's own. Owners of a team may change its members' projects.
 */
export function mayChange(principal: Principal, { scope }: Place, owner: PlaceOwner): "ok" | "hidden" | "role" {
  if (owner === null || owner.team_id !== principal.team_id) return "hidden";
  const isTeamOwner = principal.role === "owner";
  if (scope === "team") return isTeamOwner ? "ok" : "role";
  if (owner.owner_id === principal.user_id) return "ok";
  return scope === "project" && isTeamOwner ? "ok" : "hidden";
}
