// Where configuration stands: a scope, and whose it is.
import { z } from "zod";
import { POLICY_SCOPES, type PolicyScope } from "../permissions/policy-schema.ts";
import { uuidSchema } from "../ids.ts";

/** Wide to narrow: what stands later wins, item by item. `session` is what Claude Code calls `local`. */
export const CONFIGURATION_SCOPES = POLICY_SCOPES;
export type ConfigurationScope = PolicyScope;

export const placeSchema = z.object({
  scope: z.enum(CONFIGURATION_SCOPES),
  /** The id of the team, the user, the project or the session. */
  scope_id: uuidSchema,
});
export type Place = z.infer<typeof placeSchema>;

/** What a session is configured by. */
export type SessionPlaces = { team_id: string; owner_id: string; project_id: string; session_id: string };

/** The places whose items a session is made of, wide to narrow. */
export function placesOf({ team_id, owner_id, project_id, session_id }: SessionPlaces): Place[] {
  return [
    { scope: "team", scope_id: team_id },
    { scope: "user", scope_id: owner_id },
    { scope: "project", scope_id: project_id },
    { scope: "session", scope_id: session_id },
  ];
}
