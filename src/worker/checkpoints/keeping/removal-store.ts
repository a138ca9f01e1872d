// Takes checkpoints out of the timeline in D1, and with a whole project everything that it has there.
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import type { RetentionSubject } from "../../../shared/checkpoints/retention-policy.ts";
import type { Database } from "../../db/client.ts";
import { checkpointPackRefs, checkpointPacks, checkpoints, workspaces } from "../../db/schema.ts";

export type Removable = RetentionSubject & {
  project_id: string;
  workspace_id: string;
  manifest_sha256: string;
  message: string;
  kind: string;
  bytes: number;
};
export type CheckpointName = { checkpoint_id: string; team_id: string; project_id: string };

export type RemovalStore = {
  /** False for one that is not there, or that a live branch stands at or began from: the statement itself looks. */
  remove(name: CheckpointName): Promise<boolean>;
  /** Of one project, or of one of its branches; the newest first. */
  list(projectId: string, workspaceId: string | null): Promise<Removable[]>;
  /** What packs take that nothing but these checkpoints names. */
  freedBytes(teamId: string, checkpointIds: readonly string[]): Promise<number>;
  removeProject(name: { team_id: string; project_id: string }): Promise<void>;
};

/** Rows that one look takes at most: a policy is applied again until nothing is left to remove. */
const MAX_LISTED = 5_000;

export function createRemovalStore({ db, now }: { db: Database; now: () => Date }): RemovalStore {
  const stores = { db, now };
  return {
    remove: (name) => remove(stores, name),
    list: (projectId, workspaceId) => list(db, projectId, workspaceId),
    freedBytes: (teamId, ids) => freedBytes(db, teamId, ids),
    removeProject: (name) => removeProject(stores, name),
  };
}

type Stores = { db: Database; now: () => Date };

/**
 * One transaction: children go to the parent, so that the tree stays one; the packs' grace begins anew, so that
 * whoever began to use them meanwhile finds them; then the row goes. Each statement looks again whether it may.
 */
async function remove({ db, now }: Stores, name: CheckpointName): Promise<boolean> {
  const mine = and(
    eq(checkpoints.id, name.checkpoint_id),
    eq(checkpoints.teamId, name.team_id),
    eq(checkpoints.projectId, name.project_id),
  );
  const isFree = sql`not exists (select 1 from ${workspaces} where ${workspaces.deletedAt} is null
    and (${workspaces.headCheckpointId} = ${name.checkpoint_id} or ${workspaces.baseCheckpointId} = ${name.checkpoint_id}))`;
  const isThere = sql`exists (select 1 from checkpoints it where it.id = ${name.checkpoint_id}
    and it.team_id = ${name.team_id} and it.project_id = ${name.project_id})`;
  const parent = sql`(select it.parent_id from checkpoints it where it.id = ${name.checkpoint_id})`;
  const refs = eq(checkpointPackRefs.checkpointId, name.checkpoint_id);
  const named = sql`(select ${checkpointPackRefs.packSha256} from ${checkpointPackRefs} where ${refs})`;
  const results = await db.batch([
    db
      .update(checkpoints)
      .set({ parentId: parent })
      .where(and(eq(checkpoints.parentId, name.checkpoint_id), isThere, isFree)),
    db
      .update(checkpointPacks)
      .set({ storedAt: now().toISOString() })
      .where(
        and(eq(checkpointPacks.teamId, name.team_id), sql`${checkpointPacks.sha256} in ${named}`, isThere, isFree),
      ),
    db.delete(checkpointPackRefs).where(and(refs, isThere, isFree)),
    db.delete(checkpoints).where(and(mine, isFree)).returning({ id: checkpoints.id }),
  ]);
  return results[3].length > 0;
}

async function list(db: Database, projectId: string, workspaceId: string | null): Promise<Removable[]> {
  const live = (column: typeof workspaces.headCheckpointId | typeof workspaces.baseCheckpointId) =>
    sql<number>`exists (select 1 from ${workspaces} where ${workspaces.deletedAt} is null and ${column} = ${checkpoints.id})`;
  const rows = await db
    .select({
      checkpoint: checkpoints,
      head: live(workspaces.headCheckpointId),
      base: live(workspaces.baseCheckpointId),
    })
    .from(checkpoints)
    .where(
      and(
        eq(checkpoints.projectId, projectId),
        workspaceId === null ? undefined : eq(checkpoints.workspaceId, workspaceId),
      ),
    )
    .orderBy(desc(checkpoints.createdAt), desc(checkpoints.id))
    .limit(MAX_LISTED);
  return rows.map(({ checkpoint, head, base }) => ({
    checkpoint_id: checkpoint.id,
    project_id: checkpoint.projectId,
    workspace_id: checkpoint.workspaceId,
    manifest_sha256: checkpoint.manifestSha256,
    message: checkpoint.message,
    kind: checkpoint.kind,
    bytes: checkpoint.bytes,
    created_at: checkpoint.createdAt,
    tagged: checkpoint.tags !== "[]",
    head: head === 1,
    base: base === 1,
  }));
}

/** The ids travel as one JSON text: a statement has room for a hundred parameters only. */
async function freedBytes(db: Database, teamId: string, ids: readonly string[]): Promise<number> {
  const going = sql`(select value from json_each(${JSON.stringify(ids)}))`;
  const row = await db.get<{ bytes: number | null }>(sql`
    select sum(p.bytes) as bytes from checkpoint_packs p where p.team_id = ${teamId}
    and exists (select 1 from checkpoint_pack_refs r where r.team_id = p.team_id and r.pack_sha256 = p.sha256
      and r.checkpoint_id in ${going})
    and not exists (select 1 from checkpoint_pack_refs r where r.team_id = p.team_id and r.pack_sha256 = p.sha256
      and r.checkpoint_id not in ${going})`);
  return row?.bytes ?? 0;
}

async function removeProject({ db, now }: Stores, { team_id, project_id }: { team_id: string; project_id: string }) {
  const own = sql`(select id from checkpoints where project_id = ${project_id} and team_id = ${team_id})`;
  const refs = and(eq(checkpointPackRefs.teamId, team_id), sql`${checkpointPackRefs.checkpointId} in ${own}`);
  const named = sql`(select ${checkpointPackRefs.packSha256} from ${checkpointPackRefs} where ${refs})`;
  await db.batch([
    db
      .update(checkpointPacks)
      .set({ storedAt: now().toISOString() })
      .where(
        and(
          eq(checkpointPacks.teamId, team_id),
          isNull(checkpointPacks.condemnedAt),
          sql`${checkpointPacks.sha256} in ${named}`,
        ),
      ),
    db.delete(checkpointPackRefs).where(refs),
    db.delete(checkpoints).where(and(eq(checkpoints.projectId, project_id), eq(checkpoints.teamId, team_id))),
  ]);
}
