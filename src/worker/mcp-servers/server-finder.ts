// Finds the definition that counts for a session: of all its scopes, the narrowest one that has the name.
import { and, eq, or } from "drizzle-orm";
import {
  CONFIGURATION_SCOPES,
  type Place,
  placeSchema,
  placesOf,
  type SessionPlaces,
} from "../../shared/configuration/place.ts";
import { type BuiltInServers, findBuiltIn } from "../../shared/mcp-servers/built-in-servers.ts";
import { type McpServer, mcpServerSchema } from "../../shared/mcp-servers/server-schema.ts";
import type { Database } from "../db/client.ts";
import { configurationItems } from "../db/configuration-schema.ts";

export type FoundServer = { place: Place; server: McpServer };

export type FindServer = (places: SessionPlaces, name: string) => Promise<FoundServer | null>;

export function createServerFinder(db: Database, builtIn: BuiltInServers): FindServer {
  const { teamId, scope, scopeId, kind, name } = configurationItems;
  return async (session, server) => {
    const places = placesOf(session).map((place) => and(eq(scope, place.scope), eq(scopeId, place.scope_id)));
    const rows = await db
      .select()
      .from(configurationItems)
      .where(and(eq(teamId, session.team_id), eq(kind, "mcp_server"), eq(name, server), or(...places)));
    const rank = (row: (typeof rows)[number]): number => CONFIGURATION_SCOPES.indexOf(row.scope);
    const [narrowest] = rows.sort((left, right) => rank(right) - rank(left));
    if (narrowest !== undefined) {
      const place = placeSchema.parse({ scope: narrowest.scope, scope_id: narrowest.scopeId });
      const { data } = mcpServerSchema.safeParse(JSON.parse(narrowest.value));
      // One that cannot be read may have switched off what a wider scope has.
      return data === undefined ? null : { place, server: data };
    }
    const given = findBuiltIn(builtIn, server);
    return given === null ? null : { place: { scope: "team", scope_id: session.team_id }, server: given };
  };
}
