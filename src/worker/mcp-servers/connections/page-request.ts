// What the pages' requests have in common: the place in the path, and a form that came from our own page.
import { type Place, placeSchema } from "../../../shared/configuration/place.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import type { BrowserSessions, SignedIn } from "../../auth/browser-session.ts";

/** Says whether this person may use, or change, what stands there. */
export type MayUse = (principal: Principal, place: Place) => Promise<boolean>;

export const PLACE_WORDS = {
  team: "of your team",
  user: "of yours",
  project: "of a project of yours",
  session: "of a session of yours",
} as const;

/** `/<page>/<scope>/<scope_id>[/<server>]`. */
export function readTarget(request: Request): { path: string; place: Place; name: string } {
  const path = new URL(request.url).pathname;
  const [, , scope, scope_id, name = ""] = path.split("/");
  const parsed = placeSchema.safeParse({ scope, scope_id });
  if (parsed.success) return { path, place: parsed.data, name };
  throw new AppError("not_found", "There is nothing at this address.");
}

/** The form, when one of our own pages sent it for this browser. */
export async function readOwnForm(browsers: BrowserSessions, request: Request, signedIn: SignedIn): Promise<FormData> {
  const form = await request.formData().catch(() => null);
  if (form !== null && (await browsers.ownsForm(request, form, signedIn))) return form;
  throw new AppError("origin_not_allowed", "This address takes the form of our own page alone. Open the link again.");
}
