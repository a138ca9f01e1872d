// The tables of agents follow their configuration items: whatever way an item changes, its agent has a new version.
import { sql } from "drizzle-orm";
import { agentSchema } from "../../shared/agents/agent-schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { ChangeSet } from "../configuration/change-statements.ts";
import type { Companion, UnderWay } from "../configuration/companions.ts";
import { agents, agentVersions } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";

export function createAgentRows(db: Database): Companion {
  return {
    /** A member's own agents count as well: an agent's name means one agent to everybody in the team. */
    condition(set) {
      const named = agentsOf(set).flatMap(({ name, value }) =>
        value === null ? [] : [{ name, agent_id: agentSchema.parse(value).agent_id }],
      );
      if (named.length === 0) return null;
      return sql`not exists (select 1 from agents join json_each(${JSON.stringify(named)}) one
        on agents.name = one.value ->> 'name' and agents.id <> one.value ->> 'agent_id'
        where agents.team_id = ${set.teamId} and agents.deleted_at is null)`;
    },
    statements: (set, underWay) =>
      agentsOf(set).length === 0
        ? []
        : [remove(db, set, underWay), write(db, set, underWay), record(db, set, underWay)],
  };
}

export function nameTaken(): AppError {
  const message =
    "Your team has an agent of this name already. Choose another name, or change that one with update_agent.";
  return new AppError("agent_name_taken", message);
}

const agentsOf = ({ changes }: ChangeSet) => changes.filter(({ kind }) => kind === "agent");

const ownerOf = ({ place }: ChangeSet): string | null => (place.scope === "team" ? null : place.scope_id);

const changed = ({ teamId }: ChangeSet, { next, guard }: UnderWay) =>
  sql`from configuration_changes change where change.team_id = ${teamId} and change.version = ${next}
    and change.kind = 'agent' and ${guard}`;

/** Its versions stay: executions name them. */
function remove(db: Database, set: ChangeSet, underWay: UnderWay) {
  const at = underWay.at.toISOString();
  const gone = sql`select change.name ${changed(set, underWay)} and change.value is null`;
  return db
    .update(agents)
    .set({ deletedAt: at, updatedAt: at })
    .where(sql`team_id = ${set.teamId} and owner_id is ${ownerOf(set)} and deleted_at is null and name in (${gone})`);
}

function write(db: Database, set: ChangeSet, underWay: UnderWay) {
  const at = underWay.at.toISOString();
  const { changedBy } = set;
  return db
    .insert(agents)
    .select(
      sql`select change.value ->> 'agent_id', change.team_id, ${ownerOf(set)}, change.name,
        change.value ->> 'description', change.value ->> 'category', change.value ->> 'source_url',
        change.value ->> 'source_commit', 1, ${changedBy}, ${at}, ${at}, null
        ${changed(set, underWay)} and change.value is not null`,
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
}

function record(db: Database, set: ChangeSet, underWay: UnderWay) {
  return db.insert(agentVersions).select(
    sql`select change.value ->> 'agent_id',
      (select version from agents where id = change.value ->> 'agent_id'),
      change.value, ${set.changedBy}, ${underWay.at.toISOString()} ${changed(set, underWay)} and change.value is not null`,
  );
}
