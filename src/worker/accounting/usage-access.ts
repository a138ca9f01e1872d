// Whose usage a person sees: an owner the whole team's, everybody else their own.
import { mayOversee, type Principal } from "../../shared/teams/principal.ts";

/** Null for the whole team. */
export function ownAlone(principal: Principal): string | null {
  return mayOversee(principal) ? null : principal.user_id;
}
