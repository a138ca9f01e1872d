// Removes what is configured at a place that is gone: items and their versions, proposals, secrets, sign-ins at servers.
import { and, eq } from "drizzle-orm";
import type { ConfigurationScope } from "../../shared/configuration/place.ts";
import type { Database } from "../db/client.ts";
import { configurationChanges, configurationItems, proposals } from "../db/configuration-schema.ts";
import { mcpConnections, mcpServerHealth, mcpSignIns, secrets } from "../db/mcp-server-schema.ts";

const TABLES = [
  configurationItems,
  configurationChanges,
  proposals,
  secrets,
  mcpConnections,
  mcpSignIns,
  mcpServerHealth,
] as const;

export async function forgetPlace(db: Database, scope: ConfigurationScope, scopeId: string): Promise<void> {
  const [first, ...rest] = TABLES.map((table) =>
    db.delete(table).where(and(eq(table.scope, scope), eq(table.scopeId, scopeId))),
  );
  if (first !== undefined) await db.batch([first, ...rest]);
}
