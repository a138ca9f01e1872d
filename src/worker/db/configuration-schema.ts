// The D1 tables of configuration: items, every change of them, and what waits for a person's yes.
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Configuration as it is now; src/shared/configuration says what the kinds are. */
export const configurationItems = sqliteTable(
  "configuration_items",
  {
    teamId: text().notNull(),
    scope: text({ enum: ["team", "user", "project", "session"] }).notNull(),
    /** The id of the team, user, project or session. */
    scopeId: text().notNull(),
    kind: text().notNull(),
    name: text().notNull(),
    /** JSON. */
    value: text().notNull(),
    /** The team's configuration_version with which it came. */
    version: integer().notNull(),
    changedBy: text().notNull(),
    changedAt: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.scope, table.scopeId, table.kind, table.name] })],
);

/** Every change, so that any version can be had again. A version has one row for each item that it changed. */
export const configurationChanges = sqliteTable(
  "configuration_changes",
  {
    teamId: text().notNull(),
    version: integer().notNull(),
    scope: text({ enum: ["team", "user", "project", "session"] }).notNull(),
    scopeId: text().notNull(),
    kind: text().notNull(),
    name: text().notNull(),
    /** JSON; null where the item was removed. */
    value: text(),
    /** What was done, in words. */
    summary: text().notNull(),
    changedBy: text().notNull(),
    changedAt: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.version, table.kind, table.name] }),
    index("configuration_changes_place").on(table.teamId, table.scope, table.scopeId, table.version),
  ],
);

/** Changes that widen what sessions may do, until a person confirms or refuses them. */
export const proposals = sqliteTable(
  "proposals",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    proposedBy: text().notNull(),
    scope: text({ enum: ["team", "user", "project", "session"] }).notNull(),
    scopeId: text().notNull(),
    /** JSON: [{kind, name, before, after}]; null stands for no item. */
    changes: text().notNull(),
    summary: text().notNull(),
    /** The MCP client that the call came through, by its own name. */
    client: text(),
    createdAt: text().notNull(),
    expiresAt: text().notNull(),
    state: text({ enum: ["open", "confirmed", "refused"] }).notNull(),
    decidedBy: text(),
    decidedAt: text(),
    /** Of the one decision that counted: what it changes is written by it alone. */
    decisionId: text(),
  },
  (table) => [index("proposals_person").on(table.teamId, table.proposedBy, table.state)],
);
