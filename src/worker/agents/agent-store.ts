// Agents in D1, as one person sees them: the team's, and their own.
import { and, asc, count, desc, eq, gt, isNull, or, type SQL, sql } from "drizzle-orm";
import { type Agent, agentSchema } from "../../shared/agents/agent-schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { agents, agentVersions } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";

export type AgentRow = {
  agent_id: string;
  name: string;
  scope: "team" | "user";
  description: string;
  category: string | null;
  source_url: string | null;
  source_commit: string | null;
  version: number;
  created_by: string;
  created_at: string;
  updated_at: string;
};
export type AgentVersionRow = { version: number; changed_by: string; changed_at: string };

export type AgentFilter = { category: string | null; search: string | null; after: string | null; limit: number };

export type AgentStore = {
  /** By name. */
  list(principal: Principal, filter: AgentFilter): Promise<AgentRow[]>;
  find(principal: Principal, agentId: string): Promise<AgentRow | null>;
  /** By any agent of the team, also one that this person does not see. */
  isNameTaken(teamId: string, name: string): Promise<boolean>;
  definition(agentId: string, version: number): Promise<Agent | null>;
  /** Newest first. */
  versions(agentId: string, limit: number): Promise<AgentVersionRow[]>;
  categories(principal: Principal): Promise<{ category: string | null; agents: number }[]>;
};

export function createAgentStore(db: Database): AgentStore {
  return {
    async list(principal, { category, search, after, limit }) {
      const rows = await db
        .select()
        .from(agents)
        .where(
          and(
            isSeenBy(principal),
            category === null ? undefined : eq(agents.category, category),
            after === null ? undefined : gt(agents.name, after),
            search === null ? undefined : isAbout(search),
          ),
        )
        .orderBy(asc(agents.name))
        .limit(limit);
      return rows.map(toRow);
    },
    async find(principal, agentId) {
      const row = await db
        .select()
        .from(agents)
        .where(and(isSeenBy(principal), eq(agents.id, agentId)))
        .get();
      return row === undefined ? null : toRow(row);
    },
    async isNameTaken(teamId, name) {
      return (
        (await db.$count(agents, and(eq(agents.teamId, teamId), eq(agents.name, name), isNull(agents.deletedAt)))) > 0
      );
    },
    async definition(agentId, version) {
      const row = await db
        .select({ definition: agentVersions.definition })
        .from(agentVersions)
        .where(and(eq(agentVersions.agentId, agentId), eq(agentVersions.version, version)))
        .get();
      return row === undefined ? null : agentSchema.parse(JSON.parse(row.definition));
    },
    versions: (agentId, limit) =>
      db
        .select({
          version: agentVersions.version,
          changed_by: agentVersions.changedBy,
          changed_at: agentVersions.changedAt,
        })
        .from(agentVersions)
        .where(eq(agentVersions.agentId, agentId))
        .orderBy(desc(agentVersions.version))
        .limit(limit),
    categories: (principal) =>
      db
        .select({ category: agents.category, agents: count() })
        .from(agents)
        .where(isSeenBy(principal))
        .groupBy(agents.category)
        .orderBy(asc(agents.category)),
  };
}

function isSeenBy({ team_id, user_id }: Principal): SQL | undefined {
  const isOurs = or(isNull(agents.ownerId), eq(agents.ownerId, user_id));
  return and(eq(agents.teamId, team_id), isNull(agents.deletedAt), isOurs);
}

function isAbout(search: string): SQL {
  const wanted = search.toLowerCase();
  return sql`(instr(lower(${agents.name}), ${wanted}) > 0 or instr(lower(${agents.description}), ${wanted}) > 0)`;
}

function toRow(row: typeof agents.$inferSelect): AgentRow {
  return {
    agent_id: row.id,
    name: row.name,
    scope: row.ownerId === null ? "team" : "user",
    description: row.description,
    category: row.category,
    source_url: row.sourceUrl,
    source_commit: row.sourceCommit,
    version: row.version,
    created_by: row.createdBy,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}
