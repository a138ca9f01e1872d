// The tables of agents follow their configuration items: whatever way an item changes, its agent has a new version.
import { sql } from "drizzle-orm";
import { AppError } from "../../shared/errors/app-error.ts";
import type { ChangeSet } from "../configuration/change-statements.ts";
import type { Companion, UnderWay } from "../configuration/companions.ts";
import { agents, agentVersions } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";

export function createAgentRows(db: Database): Companion {
  return {
    condition: (set) =>
      namesOf(set).length === 0 ? null : sql`not exists (select 1 from agents where ${isTaken(set)})`,
    async refusal(set) {
      return namesOf(set).length > 0 && (await db.$count(agents, isTaken(set))) > 0 ? nameTaken() : null;
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

const namesOf = (set: ChangeSet): string[] =>
  agentsOf(set).flatMap(({ name, value }) => (value === null ? [] : [name]));

/**
 * By an agent elsewhere in the team, also one of a member's own: its name means one agent to everybody. Within a place the
 * items are names already.
 */
const isTaken = (set: ChangeSet) =>
  sql`team_id = ${set.teamId} and owner_id is not ${ownerOf(set)} and deleted_at is null
    and name in (select value from json_each(${JSON.stringify(namesOf(set))}))`;

const ownerOf = ({ place }: ChangeSet): string | null => (place.scope === "team" ? null : place.scope_id);

const changed = ({ teamId }: ChangeSet, { next, guard }: UnderWay) =>
  sql`from configuration_changes change where change.team_id = ${teamId} and change.version = ${next}
    and change.kind = 'agent' and ${guard}`;

/** One that has no item any more, or whose item is another agent's now. Its versions stay: executions name them. */
function remove(db: Database, set: ChangeSet, underWay: UnderWay) {
  const at = underWay.at.toISOString();
  const gone = sql`select 1 ${changed(set, underWay)} and change.name = agents.name
    and change.value ->> 'agent_id' is not agents.id`;
  return db
    .update(agents)
    .set({ deletedAt: at, updatedAt: at })
    .where(sql`team_id = ${set.teamId} and owner_id is ${ownerOf(set)} and deleted_at is null and exists (${gone})`);
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
