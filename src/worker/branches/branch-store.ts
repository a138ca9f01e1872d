// Branches in D1: a project's workspaces by name. A name is free again once its branch is deleted.
import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { takeKnownHead } from "../db/known-head.ts";
import { checkpointPackRefs, checkpointPacks, checkpoints, workspaces } from "../db/schema.ts";

export type BranchRow = {
  workspace_id: string;
  branch: string;
  created_at: string;
  head: {
    checkpoint_id: string;
    message: string;
    kind: string;
    created_at: string;
    files: number;
    bytes: number;
  } | null;
  base_checkpoint_id: string | null;
};
export type NewBranch = {
  workspace_id: string;
  team_id: string;
  project_id: string;
  branch: string;
  base_checkpoint_id: string | null;
  /** As its object says. */
  head_checkpoint_id: string | null;
};

export type BranchStore = {
  list(projectId: string, page: { after: string | null; limit: number }): Promise<BranchRow[]>;
  /** Also a deleted one. */
  findById(workspaceId: string): Promise<{ project_id: string; branch: string; deleted: boolean } | null>;
  /** False when the name is taken. */
  insert(branch: NewBranch): Promise<boolean>;
  markDeleted(workspaceId: string): Promise<void>;
  /** What these packs are named by may go meanwhile: they stay for a whole grace period more. */
  keepPacksOf(teamId: string, checkpointId: string): Promise<void>;
};

export function createBranchStore({ db, now }: { db: Database; now: () => Date }): BranchStore {
  return {
    async list(projectId, page) {
      const after = page.after === null ? undefined : gt(workspaces.branch, page.after);
      const rows = await db
        .select({ workspace: workspaces, head: checkpoints })
        .from(workspaces)
        .leftJoin(checkpoints, eq(checkpoints.id, workspaces.headCheckpointId))
        .where(and(eq(workspaces.projectId, projectId), isNull(workspaces.deletedAt), after))
        .orderBy(asc(workspaces.branch))
        .limit(page.limit);
      return rows.map(toBranchRow);
    },
    async findById(workspaceId) {
      const row = await db.select().from(workspaces).where(eq(workspaces.id, workspaceId)).get();
      if (row === undefined) return null;
      return { project_id: row.projectId, branch: row.branch, deleted: row.deletedAt !== null };
    },
    async insert(branch) {
      const insert = db
        .insert(workspaces)
        .values({
          id: branch.workspace_id,
          teamId: branch.team_id,
          projectId: branch.project_id,
          branch: branch.branch,
          createdAt: now().toISOString(),
          baseCheckpointId: branch.base_checkpoint_id,
        })
        .onConflictDoNothing()
        .returning({ id: workspaces.id });
      const [made] = await db.batch([insert, takeKnownHead(db, branch.workspace_id, branch.head_checkpoint_id ?? "")]);
      return made.length > 0;
    },
    async markDeleted(workspaceId) {
      const live = and(eq(workspaces.id, workspaceId), isNull(workspaces.deletedAt));
      await db.update(workspaces).set({ deletedAt: now().toISOString() }).where(live);
    },
    async keepPacksOf(teamId, checkpointId) {
      const named = sql`(select ${checkpointPackRefs.packSha256} from ${checkpointPackRefs}
        where ${checkpointPackRefs.checkpointId} = ${checkpointId} and ${checkpointPackRefs.teamId} = ${teamId})`;
      const kept = and(
        eq(checkpointPacks.teamId, teamId),
        isNull(checkpointPacks.condemnedAt),
        sql`${checkpointPacks.sha256} in ${named}`,
      );
      await db.update(checkpointPacks).set({ storedAt: now().toISOString() }).where(kept);
    },
  };
}

type JoinedRow = { workspace: typeof workspaces.$inferSelect; head: typeof checkpoints.$inferSelect | null };

function toBranchRow({ workspace, head }: JoinedRow): BranchRow {
  return {
    workspace_id: workspace.id,
    branch: workspace.branch,
    created_at: workspace.createdAt,
    head:
      head === null
        ? null
        : {
            checkpoint_id: head.id,
            message: head.message,
            kind: head.kind,
            created_at: head.createdAt,
            files: head.files,
            bytes: head.bytes,
          },
    base_checkpoint_id: workspace.baseCheckpointId,
  };
}
