// Projects and their workspaces in D1. A name is free again once its project is deleted.
import { and, asc, eq, gt, isNull } from "drizzle-orm";
import { MAIN_BRANCH } from "../../shared/projects/schema.ts";
import type { SessionProject } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { projects, workspaces } from "../db/schema.ts";

export type ProjectRow = SessionProject & { created_at: string };

export type ProjectStore = {
  find(principal: Principal, name: string): Promise<ProjectRow | null>;
  /** Makes the project with its branch `main`; null when the name is taken. */
  insert(principal: Principal, project: { name: string; git_url: string | null }): Promise<ProjectRow | null>;
  list(principal: Principal, page: { after: string | null; limit: number }): Promise<ProjectRow[]>;
  /** As if it had never been: for a project whose making failed. */
  remove(projectId: string): Promise<void>;
  markDeleted(projectId: string): Promise<void>;
};

export type ProjectStoreOptions = { db: Database; newId: () => string; now: () => Date };

export function createProjectStore({ db, newId, now }: ProjectStoreOptions): ProjectStore {
  const select = () =>
    db
      .select({ project: projects, workspaceId: workspaces.id, branch: workspaces.branch })
      .from(projects)
      .innerJoin(workspaces, and(eq(workspaces.projectId, projects.id), eq(workspaces.branch, MAIN_BRANCH)));
  const owned = (principal: Principal) =>
    and(eq(projects.teamId, principal.team_id), eq(projects.ownerId, principal.user_id), isNull(projects.deletedAt));
  return {
    async find(principal, name) {
      const row = await select()
        .where(and(owned(principal), eq(projects.name, name)))
        .get();
      return row === undefined ? null : toProjectRow(row);
    },
    insert: (principal, project) => insertProject({ db, newId, now }, principal, project),
    async list(principal, page) {
      const after = page.after === null ? undefined : gt(projects.name, page.after);
      const rows = await select()
        .where(and(owned(principal), after))
        .orderBy(asc(projects.name))
        .limit(page.limit);
      return rows.map(toProjectRow);
    },
    async remove(projectId) {
      await db.batch([
        db.delete(workspaces).where(eq(workspaces.projectId, projectId)),
        db.delete(projects).where(eq(projects.id, projectId)),
      ]);
    },
    async markDeleted(projectId) {
      await db.update(projects).set({ deletedAt: now().toISOString() }).where(eq(projects.id, projectId));
    },
  };
}

async function insertProject(
  { db, newId, now }: ProjectStoreOptions,
  principal: Principal,
  project: { name: string; git_url: string | null },
): Promise<ProjectRow | null> {
  const row: ProjectRow = {
    project_id: newId(),
    workspace_id: newId(),
    branch: MAIN_BRANCH,
    created_at: now().toISOString(),
    ...project,
  };
  const base = { teamId: principal.team_id, createdAt: row.created_at };
  try {
    await db.batch([
      db
        .insert(projects)
        .values({ id: row.project_id, ownerId: principal.user_id, name: row.name, gitUrl: row.git_url, ...base }),
      db.insert(workspaces).values({ id: row.workspace_id, projectId: row.project_id, branch: row.branch, ...base }),
    ]);
    return row;
  } catch (error) {
    if (isNameTaken(error)) return null;
    throw error;
  }
}

/** SQLite says so in words alone, and drizzle puts them into the cause. */
function isNameTaken(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at.message.includes("UNIQUE constraint failed: projects.")) return true;
  }
  return false;
}

type JoinedRow = { project: typeof projects.$inferSelect; workspaceId: string; branch: string };

function toProjectRow({ project, workspaceId, branch }: JoinedRow): ProjectRow {
  return {
    project_id: project.id,
    name: project.name,
    workspace_id: workspaceId,
    branch,
    git_url: project.gitUrl,
    created_at: project.createdAt,
  };
}
