// Finds the place that a tool call means: the team's, the person's own, or that of a project or session of theirs.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import type { Place } from "../../shared/configuration/place.ts";
import type { SessionApi, SessionProject } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";

export type PlaceRequest = {
  scope: Place["scope"];
  /** A project's name; for scope `project`. */
  project: string | null;
  /** For scope `session`. */
  session_id: string | null;
};

export type PlaceResolver = {
  /** To look at it. */
  find(principal: Principal, request: PlaceRequest): Promise<Place>;
  /** To change it: the team's takes an owner. */
  findToChange(principal: Principal, request: PlaceRequest): Promise<Place>;
};

export type PlaceResolverOptions = {
  findProject(principal: Principal, name: string): Promise<SessionProject>;
  session(sessionId: string): Pick<SessionApi, "getSession">;
};

export function createPlaceResolver(options: PlaceResolverOptions): PlaceResolver {
  return {
    find: (principal, request) => find(options, principal, request),
    findToChange(principal, request) {
      if (request.scope === "team" && principal.role !== "owner") {
        throw new AppError("role_not_allowed", "The team's configuration is changed by its owners. Ask one of them.");
      }
      return find(options, principal, request);
    },
  };
}

async function find(options: PlaceResolverOptions, principal: Principal, request: PlaceRequest): Promise<Place> {
  const { scope, project, session_id } = request;
  refuseStray(request);
  switch (scope) {
    case "team":
      return { scope, scope_id: principal.team_id };
    case "user":
      return { scope, scope_id: principal.user_id };
    case "project": {
      if (project === null) throw new AppError("invalid_argument", "Scope project needs the project's name.");
      return { scope, scope_id: (await options.findProject(principal, project)).project_id };
    }
    case "session": {
      if (session_id === null) throw new AppError("invalid_argument", "Scope session needs a session_id.");
      const { session } = unwrap(await options.session(session_id).getSession(principal));
      return { scope, scope_id: session.session_id };
    }
  }
}

function refuseStray({ scope, project, session_id }: PlaceRequest): void {
  if (project !== null && scope !== "project") {
    throw new AppError("invalid_argument", `A project goes with scope project, and this is scope ${scope}.`);
  }
  if (session_id !== null && scope !== "session") {
    throw new AppError("invalid_argument", `A session_id goes with scope session, and this is scope ${scope}.`);
  }
}
