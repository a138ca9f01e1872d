// Who asks: the person behind an access token, in the team that the request acts for.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";

export const ROLES = ["owner", "member"] as const;

/** The OAuth scopes, in the order in which the consent page shows them. */
export const SCOPES = [
  "sessions:read",
  "sessions:write",
  "projects:read",
  "projects:write",
  "configuration:read",
  "configuration:write",
  "permissions:answer",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Lets a client answer in a person's place: no client is asked to want it, and no box for it is ticked beforehand. */
export const ANSWERING_SCOPE: Scope = "permissions:answer";

export const principalSchema = z.object({
  user_id: uuidSchema,
  team_id: uuidSchema,
  role: z.enum(ROLES),
  /** The team's count of configuration changes; absent where nothing was ever configured. */
  configuration_version: z.int().nonnegative().optional(),
});
export type Principal = z.infer<typeof principalSchema>;

/** An owner sees what runs across the team, as rows without content; everybody else sees their own alone. */
export function mayOversee({ role }: Principal): boolean {
  return role === "owner";
}
