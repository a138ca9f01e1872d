// By the clock: applies saved policies, then removes packs, manifests and exports that nothing names any more.
// Each step can be cut off anywhere: what is left is found again by the next run.
import { exportPrefix, manifestPrefix, packKey } from "../../../shared/checkpoints/checkpoint-keys.ts";
import type { WorkspaceApi } from "../../../shared/rpc/workspace-api.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { KeepingService } from "./keeping-service.ts";
import { readRetention } from "./policy-store.ts";
import type { PackName, ProjectName, SweepStore } from "./sweep-store.ts";

export type SweepOptions = {
  store: SweepStore;
  keeping: Pick<KeepingService, "applySaved" | "forgetProject">;
  bucket: Pick<R2Bucket, "head" | "delete" | "list">;
  workspace: (workspaceId: string) => Pick<WorkspaceApi, "describe">;
  nowMs: () => number;
  logger: Pick<Logger, "log" | "logUnexpected">;
};

/** What nothing names stays for this long: an upload or a checkpoint under way is younger, and a fork finds what it began from. */
export const SWEEP_GRACE_MS = 24 * 60 * 60_000;
const EXPORT_TTL_MS = 24 * 60 * 60_000;
const RUN_EVERY_MS = 60 * 60_000;
/** Of one run: each costs a few requests, of which a run has only so many. */
const PACKS_A_RUN = 200;
const PROJECTS_A_RUN = 20;
const POLICIES_A_RUN = 10;
const DELETIONS_A_POLICY = 30;

export async function sweepCheckpoints(options: SweepOptions): Promise<void> {
  // One step's failure keeps no other from its work.
  for (const step of [applyPolicies, sweepPacks, sweepProjects]) {
    try {
      await step(options);
    } catch (error) {
      options.logger.logUnexpected("sweep_failed", error, { step: step.name });
    }
  }
}

async function applyPolicies({ store, keeping, nowMs }: SweepOptions): Promise<void> {
  const offset = placeOfRun(nowMs(), await store.countPolicies(), POLICIES_A_RUN);
  for (const { retention, ...project } of await store.policiesFrom(offset, POLICIES_A_RUN)) {
    const policy = readRetention(retention);
    if (policy !== null) await keeping.applySaved({ ...project, policy }, DELETIONS_A_POLICY);
  }
}

/** Runs take turns: each begins where the one an hour ago ended, without remembering anything. */
function placeOfRun(nowMs: number, count: number, size: number): number {
  const pages = Math.max(1, Math.ceil(count / size));
  return (Math.floor(nowMs / RUN_EVERY_MS) % pages) * size;
}

const isoAt = (ms: number): string => new Date(ms).toISOString();

/** Condemned in D1, then gone from R2, then the row: whoever stores it meanwhile is told to come again. */
async function sweepPacks(options: SweepOptions): Promise<void> {
  const { store, bucket, nowMs } = options;
  const before = isoAt(nowMs() - SWEEP_GRACE_MS);
  const isOwing = createOwing(options);
  await store.pardonNamed();
  for (const { condemned, ...pack } of await store.findLoosePacks(before, PACKS_A_RUN)) {
    if (!condemned) {
      if (await isOwing(await projectOf(options, pack))) continue;
      if (!(await store.condemn(pack, before, isoAt(nowMs())))) continue;
    }
    await bucket.delete(packKey(pack.team_id, pack.sha256));
    await store.forgetPack(pack);
  }
}

async function projectOf({ bucket }: SweepOptions, pack: PackName): Promise<string | null> {
  const object = await bucket.head(packKey(pack.team_id, pack.sha256));
  return object?.customMetadata?.["project_id"] ?? null;
}

/** A project whose rows are still on their way to D1 may name what seems to be named by nothing. Asked once a run. */
function createOwing({ store, workspace, logger }: SweepOptions): (projectId: string | null) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  const ask = async (projectId: string): Promise<boolean> => {
    try {
      const ids = await store.liveWorkspaces(projectId);
      const states = await Promise.all(ids.map((id) => workspace(id).describe()));
      return states.some(({ owing }) => owing);
    } catch (error) {
      // Nothing is removed because somebody could not be asked.
      logger.logUnexpected("sweep_question_failed", error, { project_id: projectId });
      return true;
    }
  };
  return async (projectId) => {
    if (projectId === null) return false;
    const answer = known.get(projectId) ?? ask(projectId);
    known.set(projectId, answer);
    return answer;
  };
}

async function sweepProjects(options: SweepOptions): Promise<void> {
  const { store, nowMs } = options;
  const offset = placeOfRun(nowMs(), await store.countProjects(), PROJECTS_A_RUN);
  const isOwing = createOwing(options);
  for (const { deleted, ...project } of await store.projectsFrom(offset, PROJECTS_A_RUN)) {
    // Its deletion may have been cut off before its checkpoints went.
    if (deleted) await options.keeping.forgetProject(project);
    await sweepManifests(options, project, isOwing);
    await sweepExports(options, project);
  }
}

async function sweepManifests(
  { store, bucket, nowMs }: SweepOptions,
  { team_id, project_id }: ProjectName,
  isOwing: (projectId: string) => Promise<boolean>,
): Promise<void> {
  const prefix = manifestPrefix(team_id, project_id);
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) });
    const old = page.objects.filter(({ uploaded }) => uploaded.getTime() < nowMs() - SWEEP_GRACE_MS);
    const hashOf = (key: string) => key.slice(prefix.length).split(".")[0] ?? "";
    const named = await store.namedManifests(
      project_id,
      old.map(({ key }) => hashOf(key)),
    );
    const loose = old.map(({ key }) => key).filter((key) => !named.has(hashOf(key)));
    if (loose.length > 0 && !(await isOwing(project_id))) await bucket.delete(loose);
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

async function sweepExports({ bucket, nowMs }: SweepOptions, { team_id, project_id }: ProjectName): Promise<void> {
  const { objects } = await bucket.list({ prefix: exportPrefix(team_id, project_id) });
  const old = objects.filter(({ uploaded }) => uploaded.getTime() < nowMs() - EXPORT_TTL_MS);
  if (old.length > 0) await bucket.delete(old.map(({ key }) => key));
}
