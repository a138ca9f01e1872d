// All slash commands that a person has: the team's, their own, and those of their projects.
import { and, asc, eq, inArray, isNull, or } from "drizzle-orm";
import { type Command, commandSchema } from "../../shared/commands/command-schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { configurationItems as items } from "../db/configuration-schema.ts";
import { projects } from "../db/schema.ts";

/** `project`: null for a command of the person or the team. */
export type SavedCommand = { name: string; project: string | null; command: Command };

export type SavedCommands = (principal: Principal) => Promise<SavedCommand[]>;

/** So many prompts are more than a client shows. */
const MAX_COMMANDS = 300;

export function createSavedCommands(db: Database): SavedCommands {
  return async ({ team_id, user_id }) => {
    const isMine = and(eq(projects.teamId, team_id), eq(projects.ownerId, user_id), isNull(projects.deletedAt));
    const own = db.select({ id: projects.id }).from(projects).where(isMine);
    const rows = await db
      .select({ name: items.name, value: items.value, scope: items.scope, project: projects.name })
      .from(items)
      .leftJoin(projects, and(eq(items.scope, "project"), eq(projects.id, items.scopeId)))
      .where(
        and(
          eq(items.teamId, team_id),
          eq(items.kind, "command"),
          or(
            and(eq(items.scope, "team"), eq(items.scopeId, team_id)),
            and(eq(items.scope, "user"), eq(items.scopeId, user_id)),
            and(eq(items.scope, "project"), inArray(items.scopeId, own)),
          ),
        ),
      )
      .orderBy(asc(items.name), asc(items.scope))
      .limit(MAX_COMMANDS);
    return narrowest(rows.flatMap(toSaved));
  };
}

type Row = { name: string; value: string; scope: string; project: string | null };
type Scoped = SavedCommand & { scope: string };

function toSaved({ name, value, scope, project }: Row): Scoped[] {
  const parsed = commandSchema.safeParse(JSON.parse(value));
  return parsed.success ? [{ name, scope, project, command: parsed.data }] : [];
}

/** A person's command takes the place of the team's; a project's stands beside both, under its project's name. */
function narrowest(all: readonly Scoped[]): SavedCommand[] {
  const isHidden = ({ name, scope }: Scoped): boolean =>
    scope === "team" && all.some((other) => other.name === name && other.scope === "user");
  return all.filter((one) => !isHidden(one)).map(({ name, project, command }) => ({ name, project, command }));
}
