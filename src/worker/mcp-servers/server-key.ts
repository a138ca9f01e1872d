// Which server is meant, and for whom: a definition stands at a place, a sign-in belongs to a person.
import type { Place } from "../../shared/configuration/place.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal } from "../../shared/teams/principal.ts";

export type ServerKey = { team_id: string; user_id: string; place: Place; name: string };

export function keyOf({ team_id, user_id }: Principal, place: Place, name: string): ServerKey {
  return { team_id, user_id, place, name };
}

export function noServer(name: string): AppError {
  return new AppError("mcp_server_not_found", `There is no MCP server ${name} at this scope. mcp_list shows them.`);
}
