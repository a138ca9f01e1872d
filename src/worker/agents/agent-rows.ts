// The tables of agents follow their configuration items: whatever way an item changes, its agent has a new version.
import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import { agentSchema } from "../../shared/agents/agent-schema.ts";
import type { ItemChange } from "../../shared/configuration/item.ts";
import type { Place } from "../../shared/configuration/place.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Companion } from "../configuration/companions.ts";
import type { ChangeSet } from "../configuration/configuration-store.ts";
import { agents, agentVersions } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";

export function createAgentRows(db: Database): Companion {
  return {
    statements(set, change, now, guard) {
      if (change.kind !== "agent") return [];
      const when = { at: now.toISOString(), guard };
      return change.value === null ? [remove(db, set, change, when)] : write(db, set, change, when);
    },
    condition: ({ teamId }, { kind, name, value }) =>
      kind !== "agent" || value === null ? null : isNameFree(teamId, name, agentSchema.parse(value).agent_id),
    refusal: nameTaken,
  };
}

export function nameTaken(): AppError {
  const message =
    "Your team has an agent of this name already. Choose another name, or change that one with update_agent.";
  return new AppError("agent_name_taken", message);
}

type When = { at: string; guard: SQL };

/** A member's own agents count as well: an agent's name means one agent to everybody in the team. */
function isNameFree(teamId: string, name: string, agentId: string): SQL {
  return sql`not exists (select 1 from agents where team_id = ${teamId} and name = ${name}
    and deleted_at is null and id <> ${agentId})`;
}

function write(
  db: Database,
  { teamId, place, changedBy }: ChangeSet,
  { name, value }: ItemChange,
  { at, guard }: When,
) {
  const agent = agentSchema.parse(value);
  const { agent_id, description, category, source_url, source_commit } = agent;
  const upsert = db
    .insert(agents)
    .select(
      sql`select ${agent_id}, ${teamId}, ${ownerOf(place)}, ${name}, ${description}, ${category},
        ${source_url}, ${source_commit}, 1, ${changedBy}, ${at}, ${at}, null where ${guard}`,
    )
    .onConflictDoUpdate({
      target: agents.id,
      set: {
        ownerId: sql`excluded.owner_id`,
        name: sql`excluded.name`,
        description: sql`excluded.description`,
        category: sql`excluded.category`,
        sourceUrl: sql`excluded.source_url`,
        sourceCommit: sql`excluded.source_commit`,
        version: sql`${agents.version} + 1`,
        updatedAt: sql`excluded.updated_at`,
        deletedAt: null,
      },
    });
  const record = db.insert(agentVersions).select(
    sql`select id, version, ${JSON.stringify(agent)}, ${changedBy}, ${at} from agents
      where id = ${agent_id} and ${guard}`,
  );
  return [upsert, record];
}

const ownerOf = ({ scope, scope_id }: Place): string | null => (scope === "team" ? null : scope_id);

/** Its versions stay: executions name them. */
function remove(db: Database, { teamId, place }: ChangeSet, { name }: ItemChange, { at, guard }: When) {
  const isIt = and(
    eq(agents.teamId, teamId),
    sql`${agents.ownerId} is ${ownerOf(place)}`,
    eq(agents.name, name),
    isNull(agents.deletedAt),
  );
  return db.update(agents).set({ deletedAt: at, updatedAt: at }).where(and(isIt, guard));
}
