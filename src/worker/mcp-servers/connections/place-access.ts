// Whether a person may use, or change, what stands at a place that a page's address names.
import { and, eq, isNull } from "drizzle-orm";
import { mayChange, type PlaceOwner } from "../../../shared/configuration/access-policy.ts";
import type { Place } from "../../../shared/configuration/place.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import type { Database } from "../../db/client.ts";
import { projects } from "../../db/schema.ts";
import type { SessionService } from "../../sessions/session-service.ts";
import type { MayUse } from "./page-request.ts";

export type PlaceAccess = { maySee: MayUse; mayChange: MayUse };

export type PlaceAccessOptions = { db: Database; sessions: Pick<SessionService, "get"> };

export function createPlaceAccess(options: PlaceAccessOptions): PlaceAccess {
  const judge = async (principal: Principal, place: Place) =>
    mayChange(principal, place, await findOwner(options, principal, place));
  return {
    mayChange: async (principal, place) => (await judge(principal, place)) === "ok",
    // A member uses the team's servers, and signs in at them as themselves.
    maySee: async (principal, place) => (await judge(principal, place)) !== "hidden",
  };
}

async function findOwner(
  { db, sessions }: PlaceAccessOptions,
  principal: Principal,
  { scope, scope_id }: Place,
): Promise<PlaceOwner> {
  const { team_id, user_id } = principal;
  switch (scope) {
    case "team":
      return { team_id: scope_id, owner_id: null };
    case "user":
      return { team_id, owner_id: scope_id };
    case "project": {
      const isIt = and(eq(projects.id, scope_id), eq(projects.teamId, team_id), isNull(projects.deletedAt));
      const row = await db.select({ owner_id: projects.ownerId }).from(projects).where(isIt).get();
      return row === undefined ? null : { team_id, owner_id: row.owner_id };
    }
    case "session": {
      const found = await sessions.get(principal, scope_id).catch(() => null);
      return found === null ? null : { team_id, owner_id: user_id };
    }
  }
}
