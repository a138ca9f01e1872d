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
    const found = rows.flatMap((row) => {
      const parsed = mcpServerSchema.safeParse(JSON.parse(row.value));
      const place = placeSchema.parse({ scope: row.scope, scope_id: row.scopeId });
      return parsed.success ? [{ place, server: parsed.data }] : [];
    });
    const rank = ({ place }: FoundServer): number => CONFIGURATION_SCOPES.indexOf(place.scope);
    const [narrowest] = found.sort((left, right) => rank(right) - rank(left));
    const given = findBuiltIn(builtIn, server);
    if (narrowest !== undefined || given === null) return narrowest ?? null;
    return { place: { scope: "team", scope_id: session.team_id }, server: given };
  };
}
