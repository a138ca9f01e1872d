// Fields that the configuration's tools share, and how an outcome is shown.
import { z } from "zod";
import { CONFIGURATION_SCOPES } from "../../shared/configuration/place.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { projectNameSchema } from "../../shared/projects/schema.ts";
import type { ChangeOutcome } from "./configuration-service.ts";
import type { PlaceRequest } from "./place-resolver.ts";

export const placeFields = {
  scope: z
    .enum(CONFIGURATION_SCOPES)
    .describe("`team`: its owners change it. `user`: you, in all projects. `project`, `session`: give its name or id."),
  project: projectNameSchema.optional().describe("The project's name, with scope project."),
  session_id: uuidSchema.optional().describe("The session, with scope session."),
};

type PlaceArguments = { scope: PlaceRequest["scope"]; project?: string | undefined; session_id?: string | undefined };

export function toPlaceRequest({ scope, project, session_id }: PlaceArguments): PlaceRequest {
  return { scope, project: project ?? null, session_id: session_id ?? null };
}

export const outcomeSchema = z.object({
  outcome: z
    .enum(["applied", "unchanged", "proposed"])
    .describe("`proposed`: it lets sessions do more, so a person has to confirm it at confirm_url before it holds."),
  version: z.int().nullable().describe("The version that the change came with."),
  confirm_url: z.string().nullable().describe("Show it to the person: they sign in there and see what would change."),
  expires_at: z.string().nullable(),
});

export function showOutcome(outcome: ChangeOutcome): z.input<typeof outcomeSchema> {
  return {
    outcome: outcome.outcome,
    version: outcome.outcome === "applied" ? outcome.version : null,
    confirm_url: outcome.outcome === "proposed" ? outcome.confirm_url : null,
    expires_at: outcome.outcome === "proposed" ? outcome.expires_at : null,
  };
}
