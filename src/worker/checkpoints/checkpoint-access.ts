// The person's own checkpoints and places; whatever is somebody else's does not exist.
import type { CheckpointStrategy, CheckpointTarget } from "../../shared/checkpoints/schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { SessionProject } from "../../shared/rpc/session-api.ts";
import type { WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { CheckpointRow, CheckpointStore } from "./checkpoint-store.ts";
import { readManifest } from "./reading/manifest-reader.ts";
import type { ReadingBucket } from "./reading/pack-reader.ts";
import { createTreeReader, type TreeReader } from "./reading/tree-reader.ts";
import { findYoung } from "./young-row.ts";

/** A branch of one of the person's projects. */
export type Place = SessionProject & { checkpoint_strategy: CheckpointStrategy };
/** Null for the default project, and for its branch `main`. */
export type PlaceName = { project: string | null; branch: string | null };

export type CheckpointWorkspace = Pick<
  WorkspaceApi,
  "describe" | "startOperation" | "waitForOperation" | "begin" | "destroy" | "setStrategy"
>;

export type CheckpointAccess = {
  place(principal: Principal, name: PlaceName): Promise<Place>;
  /** `checkpoint_not_found` for one that is not there, or not the person's. Waits a moment for one that was just made. */
  find(principal: Principal, checkpointId: string): Promise<CheckpointRow>;
  open(principal: Principal, target: CheckpointTarget, ahead: boolean): Promise<TreeReader>;
};

export type CheckpointAccessOptions = {
  store: CheckpointStore;
  bucket: ReadingBucket;
  findProject: (principal: Principal, name: string | null, branch: string | null) => Promise<Place>;
};

export function createCheckpointAccess({ store, bucket, findProject }: CheckpointAccessOptions): CheckpointAccess {
  return {
    place: (principal, { project, branch }) => findProject(principal, project, branch),
    async find(principal, checkpointId) {
      const row = await findYoung(checkpointId, () => store.find(principal, checkpointId));
      if (row === null) throw noCheckpoint();
      return row;
    },
    async open(principal, target, ahead) {
      return createTreeReader(bucket, await readManifest(bucket, principal.team_id, target), ahead);
    },
  };
}

export function noCheckpoint(): AppError {
  const message = "You have no such checkpoint, or it was deleted. list_checkpoints shows those of a project.";
  return new AppError("checkpoint_not_found", message);
}

/** What a Workspace object is told of a checkpoint. */
export function targetOf({ checkpoint_id, project_id, manifest_sha256 }: CheckpointTarget): CheckpointTarget {
  return { checkpoint_id, project_id, manifest_sha256 };
}

export function identityOf(principal: Principal, place: SessionProject): WorkspaceIdentity {
  const { workspace_id, project_id, git_url } = place;
  return { workspace_id, team_id: principal.team_id, project_id, git_url };
}
