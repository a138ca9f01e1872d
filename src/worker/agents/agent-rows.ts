// The tables of agents follow their configuration items: whatever way an item changes, its agent has a new version.
import { type SQL, sql } from "drizzle-orm";
import { agentSchema } from "../../shared/agents/agent-schema.ts";
import type { ItemChange } from "../../shared/configuration/item.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Companion } from "../configuration/companions.ts";
import type { ChangeSet } from "../configuration/configuration-store.ts";
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
  return [
    db.run(sql`insert into agents (id, team_id, scope, scope_id, name, description, category, source_url, source_commit,
        version, created_by, created_at, updated_at)
      select ${agent_id}, ${teamId}, ${place.scope}, ${place.scope_id}, ${name}, ${description}, ${category},
        ${source_url}, ${source_commit}, 1, ${changedBy}, ${at}, ${at} where ${guard}
      on conflict (id) do update set scope = excluded.scope, scope_id = excluded.scope_id, name = excluded.name,
        description = excluded.description, category = excluded.category, source_url = excluded.source_url,
        source_commit = excluded.source_commit, version = agents.version + 1, updated_at = excluded.updated_at,
        deleted_at = null`),
    db.run(sql`insert into agent_versions (agent_id, version, definition, changed_by, changed_at)
      select id, version, ${JSON.stringify(agent)}, ${changedBy}, ${at} from agents where id = ${agent_id} and ${guard}`),
  ];
}

/** Its versions stay: executions name them. */
function remove(db: Database, { teamId, place }: ChangeSet, { name }: ItemChange, { at, guard }: When) {
  return db.run(sql`update agents set deleted_at = ${at}, updated_at = ${at} where team_id = ${teamId}
    and scope = ${place.scope} and scope_id = ${place.scope_id} and name = ${name} and deleted_at is null and ${guard}`);
}
