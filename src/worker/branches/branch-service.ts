// What people do with branches: make one from a checkpoint or from another branch, list them, delete one.
import type { CheckpointStrategy, CheckpointTarget } from "../../shared/checkpoints/schema.ts";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { MAIN_BRANCH } from "../../shared/projects/schema.ts";
import type { SessionProject } from "../../shared/rpc/session-api.ts";
import type { WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type KeyHash, workspaceIdForKey } from "./branch-id-policy.ts";
import type { BranchRow, BranchStore } from "./branch-store.ts";

export type BranchPlace = SessionProject & { checkpoint_strategy: CheckpointStrategy };
export type NewBranchRequest = {
  /** Null for the checkpoint's own project, or the default one. */
  project: string | null;
  /** Null for a name that is made up. */
  branch: string | null;
  checkpoint_id: string | null;
  from_branch: string | null;
  idempotency_key: string | null;
};
export type CreatedBranch = { place: SessionProject; base_checkpoint_id: string | null };

export type BranchService = {
  /** A repeat with the same key finds the branch that the first call made. */
  create(principal: Principal, request: NewBranchRequest): Promise<CreatedBranch>;
  list(
    principal: Principal,
    project: string | null,
    page: { after: string | null; limit: number },
  ): Promise<{ project: string; branches: BranchRow[] }>;
  delete(principal: Principal, project: string | null, branch: string): Promise<void>;
};

export type BranchServiceOptions = {
  store: BranchStore;
  workspace: (workspaceId: string) => Pick<WorkspaceApi, "begin" | "destroy" | "describe">;
  findProject: (principal: Principal, name: string | null, branch: string | null) => Promise<BranchPlace>;
  /** The person's checkpoint of that id; `checkpoint_not_found` otherwise. */
  findCheckpoint: (principal: Principal, checkpointId: string) => Promise<CheckpointTarget & { project: string }>;
  newId: () => string;
  subtle: KeyHash;
};

export function createBranchService(options: BranchServiceOptions): BranchService {
  return {
    create: (principal, request) => create(options, principal, request),
    async list(principal, project, page) {
      const { project_id, name } = await options.findProject(principal, project, null);
      return { project: name, branches: await options.store.list(project_id, page) };
    },
    async delete(principal, project, branch) {
      if (branch === MAIN_BRANCH) {
        throw new AppError("invalid_argument", "The branch main stays as long as its project: delete_project.");
      }
      const { workspace_id } = await options.findProject(principal, project, branch);
      // Refused while a turn runs or waits; only then is anything changed.
      unwrap(await options.workspace(workspace_id).destroy());
      await options.store.markDeleted(workspace_id);
    },
  };
}

async function create(
  options: BranchServiceOptions,
  principal: Principal,
  request: NewBranchRequest,
): Promise<CreatedBranch> {
  const base = await findBase(options, principal, request);
  const project = await options.findProject(principal, request.project ?? base?.project ?? null, null);
  const key = request.idempotency_key;
  const workspaceId = key === null ? options.newId() : await workspaceIdForKey(principal, key, options.subtle);
  const branch = request.branch ?? `from-${(base?.checkpoint_id ?? "empty").slice(-6)}-${workspaceId.slice(-6)}`;
  const place = toPlace(project, workspaceId, branch);
  const made = { place, base_checkpoint_id: base?.checkpoint_id ?? null };
  if (await isMade(options, place)) return made;
  await refuseTaken(options, principal, place);
  await begin(options, principal, { place, base, strategy: project.checkpoint_strategy });
  return made;
}

type Beginning = { place: SessionProject; base: CheckpointTarget | null; strategy: CheckpointStrategy };

/** The object first, then the row: a cut leaves nothing that a person can see. */
async function begin(
  options: BranchServiceOptions,
  principal: Principal,
  { place, base, strategy }: Beginning,
): Promise<void> {
  if (base !== null) await options.store.keepPacksOf(principal.team_id, base.checkpoint_id);
  const workspace = options.workspace(place.workspace_id);
  const target = base === null ? null : pickTarget(base);
  const { head } = unwrap(await workspace.begin(identityOf(principal, place), target, strategy));
  const isNew = await options.store.insert({
    workspace_id: place.workspace_id,
    team_id: principal.team_id,
    project_id: place.project_id,
    branch: place.branch,
    base_checkpoint_id: base?.checkpoint_id ?? null,
    head_checkpoint_id: head?.checkpoint_id ?? null,
  });
  // Two calls at once: with one key they made the same branch, else the other one has the name.
  if (isNew || (await isMade(options, place))) return;
  await workspace.destroy();
  throw taken(place);
}

async function findBase(
  options: BranchServiceOptions,
  principal: Principal,
  { project, checkpoint_id, from_branch }: NewBranchRequest,
): Promise<(CheckpointTarget & { project: string }) | null> {
  if (checkpoint_id !== null) {
    if (from_branch !== null) throw new AppError("invalid_argument", "Give checkpoint_id or from_branch, not both.");
    return options.findCheckpoint(principal, checkpoint_id);
  }
  const source = await options.findProject(principal, project, from_branch);
  const { head } = await options.workspace(source.workspace_id).describe();
  if (head === null) {
    const message = `The branch ${source.branch} has no checkpoint yet: create_checkpoint takes one of what is there.`;
    throw new AppError("checkpoint_not_found", message);
  }
  const { checkpoint_id: id, manifest_sha256 } = head;
  return { checkpoint_id: id, project_id: source.project_id, manifest_sha256, project: source.name };
}

/** What the Workspace object is told, and nothing beside it. */
function pickTarget({ checkpoint_id, project_id, manifest_sha256 }: CheckpointTarget): CheckpointTarget {
  return { checkpoint_id, project_id, manifest_sha256 };
}

/** True when that very branch is there: the first call of a key made it. */
async function isMade({ store }: BranchServiceOptions, place: SessionProject): Promise<boolean> {
  const known = await store.findById(place.workspace_id);
  if (known === null) return false;
  if (known.project_id === place.project_id && known.branch === place.branch && !known.deleted) return true;
  const message = "This idempotency_key made another branch, or one that was deleted since. Choose another key.";
  throw new AppError("idempotency_conflict", message);
}

async function refuseTaken(
  { findProject }: BranchServiceOptions,
  principal: Principal,
  place: SessionProject,
): Promise<void> {
  const found = await findProject(principal, place.name, place.branch).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "branch_not_found") return null;
    throw error;
  });
  if (found !== null) throw taken(place);
}

function taken({ name, branch }: SessionProject): AppError {
  const message = `The project "${name}" already has a branch "${branch}". Choose another name.`;
  return new AppError("branch_name_taken", message);
}

function toPlace(project: BranchPlace, workspaceId: string, branch: string): SessionProject {
  // What a branch begins from is a checkpoint: nothing is cloned into it.
  return { project_id: project.project_id, name: project.name, workspace_id: workspaceId, branch, git_url: null };
}

function identityOf(principal: Principal, place: SessionProject): WorkspaceIdentity {
  const { workspace_id, project_id, git_url } = place;
  return { workspace_id, team_id: principal.team_id, project_id, git_url };
}
