// Projects and their workspaces in D1. A name is free again once its project is deleted.
import { and, asc, eq, gt, isNull } from "drizzle-orm";
import {
  type CheckpointStrategy,
  checkpointStrategySchema,
  DEFAULT_CHECKPOINT_STRATEGY,
} from "../../shared/checkpoints/schema.ts";
import { MAIN_BRANCH } from "../../shared/projects/schema.ts";
import type { SessionProject } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { takeKnownHead } from "../db/known-head.ts";
import { projects, workspaces } from "../db/schema.ts";

export type ProjectRow = SessionProject & { created_at: string; checkpoint_strategy: CheckpointStrategy };
export type NewProjectRow = {
  name: string;
  git_url: string | null;
  /** Given when the project's workspace was made before its rows. */
  ids?: { project_id: string; workspace_id: string };
  base_checkpoint_id?: string;
  head_checkpoint_id?: string | null;
};

export type ProjectStore = {
  /** The project as one of its branches shows it. */
  find(principal: Principal, name: string, branch?: string): Promise<ProjectRow | null>;
  /** Makes the project with its branch `main`; null when the name is taken. */
  insert(principal: Principal, project: NewProjectRow): Promise<ProjectRow | null>;
  list(principal: Principal, page: { after: string | null; limit: number }): Promise<ProjectRow[]>;
  /** As if it had never been: for a project whose making failed. */
  remove(projectId: string): Promise<void>;
  /** Of its live branches. */
  listWorkspaceIds(projectId: string): Promise<string[]>;
  markDeleted(projectId: string): Promise<void>;
};

export type ProjectStoreOptions = { db: Database; newId: () => string; now: () => Date };

export function createProjectStore({ db, newId, now }: ProjectStoreOptions): ProjectStore {
  const select = (branch: string) =>
    db
      .select({ project: projects, workspaceId: workspaces.id, branch: workspaces.branch })
      .from(projects)
      .innerJoin(
        workspaces,
        and(eq(workspaces.projectId, projects.id), eq(workspaces.branch, branch), isNull(workspaces.deletedAt)),
      );
  const owned = (principal: Principal) =>
    and(eq(projects.teamId, principal.team_id), eq(projects.ownerId, principal.user_id), isNull(projects.deletedAt));
  return {
    async find(principal, name, branch = MAIN_BRANCH) {
      const row = await select(branch)
        .where(and(owned(principal), eq(projects.name, name)))
        .get();
      return row === undefined ? null : toProjectRow(row);
    },
    insert: (principal, project) => insertProject({ db, newId, now }, principal, project),
    async list(principal, page) {
      const after = page.after === null ? undefined : gt(projects.name, page.after);
      const rows = await select(MAIN_BRANCH)
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
    async listWorkspaceIds(projectId) {
      const live = and(eq(workspaces.projectId, projectId), isNull(workspaces.deletedAt));
      const rows = await db.select({ id: workspaces.id }).from(workspaces).where(live);
      return rows.map(({ id }) => id);
    },
    async markDeleted(projectId) {
      const deletedAt = now().toISOString();
      const live = and(eq(workspaces.projectId, projectId), isNull(workspaces.deletedAt));
      await db.batch([
        db.update(projects).set({ deletedAt }).where(eq(projects.id, projectId)),
        db.update(workspaces).set({ deletedAt }).where(live),
      ]);
    },
  };
}

async function insertProject(
  { db, newId, now }: ProjectStoreOptions,
  principal: Principal,
  { ids, base_checkpoint_id, head_checkpoint_id, ...project }: NewProjectRow,
): Promise<ProjectRow | null> {
  const row: ProjectRow = {
    ...(ids ?? { project_id: newId(), workspace_id: newId() }),
    branch: MAIN_BRANCH,
    checkpoint_strategy: DEFAULT_CHECKPOINT_STRATEGY,
    created_at: now().toISOString(),
    ...project,
  };
  const base = { teamId: principal.team_id, createdAt: row.created_at };
  try {
    await db.batch([
      db
        .insert(projects)
        .values({ id: row.project_id, ownerId: principal.user_id, name: row.name, gitUrl: row.git_url, ...base }),
      db.insert(workspaces).values({
        id: row.workspace_id,
        projectId: row.project_id,
        branch: row.branch,
        baseCheckpointId: base_checkpoint_id ?? null,
        ...base,
      }),
      takeKnownHead(db, row.workspace_id, head_checkpoint_id ?? ""),
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
    // Another branch begins from a checkpoint: nothing is cloned into it.
    git_url: branch === MAIN_BRANCH ? project.gitUrl : null,
    created_at: project.createdAt,
    checkpoint_strategy: checkpointStrategySchema.catch(DEFAULT_CHECKPOINT_STRATEGY).parse(project.checkpointStrategy),
  };
}
