// The D1 tables of agents: who they are, what each version says, and the sessions that ran as one.
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Written with each change of an agent's configuration item, in its transaction. */
export const agents = sqliteTable(
  "agents",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    /** Whose it is, and in whose sessions it is a sub-agent; null for the whole team's. */
    ownerId: text(),
    name: text().notNull(),
    description: text().notNull(),
    category: text(),
    sourceUrl: text(),
    sourceCommit: text(),
    version: integer().notNull(),
    createdBy: text().notNull(),
    createdAt: text().notNull(),
    updatedAt: text().notNull(),
    deletedAt: text(),
  },
  (table) => [
    uniqueIndex("agents_live_name")
      .on(table.teamId, table.name)
      .where(sql`deleted_at is null`),
  ],
);

export const agentVersions = sqliteTable(
  "agent_versions",
  {
    agentId: text().notNull(),
    version: integer().notNull(),
    /** JSON, shared/agents/agent-schema.ts. */
    definition: text().notNull(),
    changedBy: text().notNull(),
    changedAt: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.agentId, table.version] })],
);

/** One row a session that runs as an agent, under the session's id. Kept by the Session objects' outbox. */
export const agentExecutions = sqliteTable(
  "agent_executions",
  {
    id: text().primaryKey(),
    agentId: text().notNull(),
    /** As it was called then. */
    agent: text().notNull(),
    agentVersion: integer().notNull(),
    teamId: text().notNull(),
    userId: text().notNull(),
    projectId: text().notNull(),
    /** The beginning of its first prompt. */
    task: text().notNull(),
    status: text().notNull(),
    reason: text(),
    createdAt: text().notNull(),
    startedAt: text(),
    endedAt: text(),
    /** Grows with each state; an upsert of an older one changes nothing. */
    version: integer().notNull(),
  },
  (table) => [
    index("agent_executions_agent").on(table.agentId, table.createdAt),
    index("agent_executions_person").on(table.teamId, table.userId, table.createdAt),
  ],
);
