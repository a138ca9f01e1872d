// Whose a scope is, in words for a person.
import { and, eq } from "drizzle-orm";
import type { Place } from "../../shared/configuration/place.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { projects } from "../db/schema.ts";
import type { SessionService } from "../sessions/session-service.ts";

export type PlaceNames = (principal: Principal, place: Place) => Promise<string>;

export function createPlaceNames(options: { db: Database; sessions: Pick<SessionService, "get"> }): PlaceNames {
  return async (principal, { scope, scope_id }) => {
    switch (scope) {
      case "team":
        return "All sessions of your team";
      case "user":
        return scope_id === principal.user_id ? "All your sessions" : "All sessions of one member";
      case "project":
        return `The project ${await projectName(options.db, principal, scope_id)}`;
      case "session":
        return `One session: ${await sessionTitle(options.sessions, principal, scope_id)}`;
    }
  };
}

async function projectName(db: Database, { team_id }: Principal, projectId: string): Promise<string> {
  const row = await db
    .select({ name: projects.name })
    .from(projects)
    .where(and(eq(projects.id, projectId), eq(projects.teamId, team_id)))
    .get();
  return row?.name ?? projectId;
}

async function sessionTitle(
  sessions: Pick<SessionService, "get">,
  principal: Principal,
  sessionId: string,
): Promise<string> {
  const view = await sessions.get(principal, sessionId).catch(() => null);
  return view === null ? sessionId : `${view.session.title}, in ${view.session.project}`;
}
