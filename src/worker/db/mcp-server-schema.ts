// The D1 tables of MCP servers for Claude: secrets and sign-ins, sealed, and how servers were found.
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Secrets of MCP servers, sealed (secrets/sealer.ts). A definition uses those of its own place alone. */
export const secrets = sqliteTable(
  "secrets",
  {
    teamId: text().notNull(),
    scope: text().notNull(),
    scopeId: text().notNull(),
    name: text().notNull(),
    sealed: text().notNull(),
    /** The server out of whose definition it was taken; null for one that a person entered. */
    madeFor: text(),
    createdBy: text().notNull(),
    createdAt: text().notNull(),
    updatedAt: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.scope, table.scopeId, table.name] })],
);

/** A person's sign-in at an MCP server: its tokens, sealed. */
export const mcpConnections = sqliteTable(
  "mcp_connections",
  {
    teamId: text().notNull(),
    userId: text().notNull(),
    scope: text().notNull(),
    scopeId: text().notNull(),
    server: text().notNull(),
    /** The address that the tokens are for: a definition that names another one does not get them. */
    url: text().notNull(),
    sealed: text().notNull(),
    /** Grows with each renewal: of two at once the second one finds what the first one brought. */
    version: integer().notNull(),
    /** Who renews it now has it until then. */
    renewingUntilMs: integer().notNull().default(0),
    connectedAt: text().notNull(),
    updatedAt: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.userId, table.scope, table.scopeId, table.server] })],
);

/** Sign-ins at MCP servers that are under way: between our page and the server's answer. */
export const mcpSignIns = sqliteTable("mcp_sign_ins", {
  /** The `state` that travels, as SHA-256. */
  stateSha256: text().primaryKey(),
  teamId: text().notNull(),
  userId: text().notNull(),
  scope: text().notNull(),
  scopeId: text().notNull(),
  server: text().notNull(),
  url: text().notNull(),
  sealed: text().notNull(),
  expiresAt: text().notNull(),
});

/** How an MCP server was last found: by a test, or by a session that used it. */
export const mcpServerHealth = sqliteTable(
  "mcp_server_health",
  {
    teamId: text().notNull(),
    scope: text().notNull(),
    scopeId: text().notNull(),
    server: text().notNull(),
    lastOkAt: text(),
    lastFailedAt: text(),
    /** A word of ours; null while it is well. */
    errorClass: text(),
    tools: integer(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.scope, table.scopeId, table.server] })],
);
