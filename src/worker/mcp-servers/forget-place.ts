// Removes what is kept for MCP servers of a place that is gone: secrets, sign-ins, and how servers were found.
import { and, eq } from "drizzle-orm";
import type { ConfigurationScope } from "../../shared/configuration/place.ts";
import type { Database } from "../db/client.ts";
import { mcpConnections, mcpServerHealth, mcpSignIns, secrets } from "../db/schema.ts";

export async function forgetPlace(db: Database, scope: ConfigurationScope, scopeId: string): Promise<void> {
  const at = (table: typeof secrets | typeof mcpConnections | typeof mcpSignIns | typeof mcpServerHealth) =>
    and(eq(table.scope, scope), eq(table.scopeId, scopeId));
  await db.batch([
    db.delete(secrets).where(at(secrets)),
    db.delete(mcpConnections).where(at(mcpConnections)),
    db.delete(mcpSignIns).where(at(mcpSignIns)),
    db.delete(mcpServerHealth).where(at(mcpServerHealth)),
  ]);
}
