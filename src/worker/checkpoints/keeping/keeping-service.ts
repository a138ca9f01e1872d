// What goes and what stays: deletes one checkpoint, applies a retention policy, forgets a deleted project's checkpoints.
import { manifestKey, manifestPrefix } from "../../../shared/checkpoints/checkpoint-keys.ts";
import { isKeepingAll, judgeRetention, type RetentionPolicy } from "../../../shared/checkpoints/retention-policy.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import type { CheckpointAccess } from "../checkpoint-access.ts";
import type { PolicyStore } from "./policy-store.ts";
import type { Removable, RemovalStore } from "./removal-store.ts";

export type KeepingBucket = Pick<R2Bucket, "delete" | "list">;
export type Cleanup = {
  policy: RetentionPolicy;
  going: Removable[];
  kept: number;
  /** What the packs take that nothing else names: storage is free once the sweep has gone by. */
  freed_bytes: number;
  deleted: number;
};

export type KeepingService = {
  delete(principal: Principal, checkpointId: string): Promise<void>;
  cleanUp(
    principal: Principal,
    request: { project: string | null; policy: RetentionPolicy | null; dry_run: boolean },
  ): Promise<Cleanup>;
  /** For the clock: a project's own saved policy. */
  applySaved(
    project: { team_id: string; project_id: string; policy: RetentionPolicy },
    atMost: number,
  ): Promise<number>;
  forgetProject(name: { team_id: string; project_id: string }): Promise<void>;
};

export type KeepingOptions = {
  access: CheckpointAccess;
  removals: RemovalStore;
  policies: PolicyStore;
  bucket: KeepingBucket;
};

/** Each takes a transaction and a deletion: one call has only so many. */
const MAX_DELETIONS = 100;

export function createKeepingService(options: KeepingOptions): KeepingService {
  return {
    async delete(principal, checkpointId) {
      const row = await options.access.find(principal, checkpointId);
      if (await remove(options, { ...row, team_id: principal.team_id })) return;
      // It was there a moment ago: a branch needs it, or another call was faster.
      await options.access.find(principal, checkpointId);
      throw inUse();
    },
    cleanUp: (principal, request) => cleanUp(options, principal, request),
    async applySaved({ team_id, project_id, policy }, atMost) {
      const { going } = await judge(options, project_id, policy);
      return removeAll(options, team_id, going.slice(0, atMost));
    },
    async forgetProject(name) {
      await options.removals.removeProject(name);
      // What this leaves behind has no row: the sweep finds it.
      const { objects } = await options.bucket.list({ prefix: manifestPrefix(name.team_id, name.project_id) });
      if (objects.length > 0) await options.bucket.delete(objects.map(({ key }) => key));
    },
  };
}

/** The row first: from then on nothing names the manifest. */
async function remove(
  { removals, bucket }: KeepingOptions,
  of: { checkpoint_id: string; team_id: string; project_id: string; manifest_sha256: string },
): Promise<boolean> {
  const { checkpoint_id, team_id, project_id } = of;
  if (!(await removals.remove({ checkpoint_id, team_id, project_id }))) return false;
  await bucket.delete(manifestKey(of, of.manifest_sha256));
  return true;
}

async function cleanUp(
  options: KeepingOptions,
  principal: Principal,
  request: { project: string | null; policy: RetentionPolicy | null; dry_run: boolean },
): Promise<Cleanup> {
  const place = await options.access.place(principal, { project: request.project, branch: null });
  const policy = request.policy ?? (await options.policies.get(place.project_id)).retention;
  if (policy === null || isKeepingAll(policy)) {
    const message =
      "Nothing says what to keep: give keep_last, keep_hourly, keep_daily or keep_weekly, or set_checkpoint_policy.";
    throw new AppError("invalid_argument", message);
  }
  const { going, kept } = await judge(options, place.project_id, policy);
  const ids = going.map(({ checkpoint_id }) => checkpoint_id);
  const freed_bytes = await options.removals.freedBytes(principal.team_id, ids);
  const deleted = request.dry_run ? 0 : await removeAll(options, principal.team_id, going.slice(0, MAX_DELETIONS));
  return { policy, going, kept, freed_bytes, deleted };
}

/** Each branch for itself: work in one takes no checkpoints from another. */
async function judge(
  { removals }: KeepingOptions,
  projectId: string,
  policy: RetentionPolicy,
): Promise<{ going: Removable[]; kept: number }> {
  const all = await removals.list(projectId, null);
  const going = [...Map.groupBy(all, ({ workspace_id }) => workspace_id).values()].flatMap((branch) => {
    const goes = new Set(
      judgeRetention(branch, policy).flatMap(({ checkpoint_id, reasons }) =>
        reasons.length === 0 ? [checkpoint_id] : [],
      ),
    );
    // An autosave is replaced by the next checkpoint: it is nobody's to keep or to count.
    return branch.filter(({ checkpoint_id, kind }) => goes.has(checkpoint_id) && kind !== "autosave");
  });
  return { going, kept: all.length - going.length };
}

/** The oldest first, so that a cut leaves the newer ones. One that a branch needs by now stays. */
async function removeAll(options: KeepingOptions, teamId: string, going: readonly Removable[]): Promise<number> {
  let deleted = 0;
  for (const one of going.toReversed()) {
    if (await remove(options, { ...one, team_id: teamId })) deleted++;
  }
  return deleted;
}

function inUse(): AppError {
  const message =
    "A branch stands at this checkpoint, or began from it. Delete that branch, or take a newer checkpoint, then try again.";
  return new AppError("checkpoint_in_use", message);
}
