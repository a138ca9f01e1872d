// What the sweep asks of D1: packs that nothing names, manifests that no row names, and which projects to look at.
import { and, asc, count, eq, inArray, isNotNull, isNull, lt, not, or, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { checkpointPacks, checkpoints, projects, workspaces } from "../../db/schema.ts";

export type PackName = { team_id: string; sha256: string };
export type ProjectName = { team_id: string; project_id: string };
export type PolicyRow = ProjectName & { retention: string };

export type SweepStore = {
  /** Lets those be that are named again after all. */
  pardonNamed(): Promise<void>;
  /** Packs that nothing names since before that time, and those whose removal was cut off; the oldest first. */
  findLoosePacks(before: string, limit: number): Promise<(PackName & { condemned: boolean })[]>;
  /** Condemns what still nothing names: false when somebody stored or named it meanwhile. */
  condemn(pack: PackName, before: string, now: string): Promise<boolean>;
  forgetPack(pack: PackName): Promise<void>;
  liveWorkspaces(projectId: string): Promise<string[]>;
  /** Of these manifests, those that a row names. */
  namedManifests(projectId: string, hashes: readonly string[]): Promise<Set<string>>;
  countProjects(): Promise<number>;
  /** Deleted ones too: what their deletion left behind goes by the sweep. */
  projectsFrom(offset: number, limit: number): Promise<(ProjectName & { deleted: boolean })[]>;
  policiesFrom(offset: number, limit: number): Promise<PolicyRow[]>;
  countPolicies(): Promise<number>;
};

const nothingNames = sql`not exists (select 1 from checkpoint_pack_refs r
  where r.team_id = ${checkpointPacks.teamId} and r.pack_sha256 = ${checkpointPacks.sha256})`;
const hasPolicy = and(isNotNull(projects.checkpointRetention), isNull(projects.deletedAt));
const isPack = ({ team_id, sha256 }: PackName) =>
  and(eq(checkpointPacks.teamId, team_id), eq(checkpointPacks.sha256, sha256));
/** Below the 100 parameters that a statement of D1 may have. */
const MAX_IDS = 90;

export function createSweepStore(db: Database): SweepStore {
  return {
    async pardonNamed() {
      const named = and(isNotNull(checkpointPacks.condemnedAt), not(nothingNames));
      await db.update(checkpointPacks).set({ condemnedAt: null }).where(named);
    },
    async findLoosePacks(before, limit) {
      const isDue = or(isNotNull(checkpointPacks.condemnedAt), lt(checkpointPacks.storedAt, before));
      const rows = await db
        .select()
        .from(checkpointPacks)
        .where(and(isDue, nothingNames))
        .orderBy(asc(checkpointPacks.storedAt))
        .limit(limit);
      return rows.map((row) => ({ team_id: row.teamId, sha256: row.sha256, condemned: row.condemnedAt !== null }));
    },
    async condemn(pack, before, now) {
      const condemned = await db
        .update(checkpointPacks)
        .set({ condemnedAt: now })
        .where(and(isPack(pack), lt(checkpointPacks.storedAt, before), nothingNames))
        .returning({ sha256: checkpointPacks.sha256 });
      return condemned.length > 0;
    },
    async forgetPack(pack) {
      await db.delete(checkpointPacks).where(and(isPack(pack), isNotNull(checkpointPacks.condemnedAt)));
    },
    async liveWorkspaces(projectId) {
      const live = and(eq(workspaces.projectId, projectId), isNull(workspaces.deletedAt));
      return (await db.select({ id: workspaces.id }).from(workspaces).where(live)).map(({ id }) => id);
    },
    async namedManifests(projectId, hashes) {
      const named = new Set<string>();
      for (let first = 0; first < hashes.length; first += MAX_IDS) {
        const some = inArray(checkpoints.manifestSha256, hashes.slice(first, first + MAX_IDS));
        const rows = await db
          .select({ hash: checkpoints.manifestSha256 })
          .from(checkpoints)
          .where(and(eq(checkpoints.projectId, projectId), some));
        for (const { hash } of rows) named.add(hash);
      }
      return named;
    },
    ...projectPages(db),
  };
}

type Pages = Pick<SweepStore, "countProjects" | "projectsFrom" | "countPolicies" | "policiesFrom">;

function projectPages(db: Database): Pages {
  return {
    countProjects: async () => (await db.select({ n: count() }).from(projects).get())?.n ?? 0,
    async projectsFrom(offset, limit) {
      const rows = await db.select().from(projects).orderBy(asc(projects.id)).limit(limit).offset(offset);
      return rows.map((row) => ({ team_id: row.teamId, project_id: row.id, deleted: row.deletedAt !== null }));
    },
    countPolicies: async () => (await db.select({ n: count() }).from(projects).where(hasPolicy).get())?.n ?? 0,
    async policiesFrom(offset, limit) {
      const rows = await db
        .select()
        .from(projects)
        .where(hasPolicy)
        .orderBy(asc(projects.id))
        .limit(limit)
        .offset(offset);
      return rows.map((row) => ({
        team_id: row.teamId,
        project_id: row.id,
        retention: row.checkpointRetention ?? "",
      }));
    },
  };
}
