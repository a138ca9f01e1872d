// Forks: a branch or a project of its own that begins from a checkpoint, and a session that continues a conversation there.
import { type CheckpointTarget, DEFAULT_CHECKPOINT_STRATEGY } from "../../../shared/checkpoints/schema.ts";
import { AppError, unwrap } from "../../../shared/errors/app-error.ts";
import { MAIN_BRANCH } from "../../../shared/projects/schema.ts";
import type { SessionProject } from "../../../shared/rpc/session-api.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import {
  type CheckpointAccess,
  type CheckpointWorkspace,
  identityOf,
  type Place,
  targetOf,
} from "../checkpoint-access.ts";
import type { CheckpointRow } from "../checkpoint-store.ts";
import { readManifest } from "../reading/manifest-reader.ts";
import type { ReadingBucket } from "../reading/pack-reader.ts";

export type ForkRequest = {
  checkpoint_id: string;
  branch: string | null;
  /** The name of a new project. */
  project: string | null;
  /** True for the session that the checkpoint belongs to. */
  session: boolean | string;
  idempotency_key: string | null;
};
export type ForkedCheckpoint = {
  place: SessionProject;
  base: CheckpointRow;
  session: { session_id: string; source_session_id: string; at_event: number } | null;
};

export type ForkService = { fork(principal: Principal, request: ForkRequest): Promise<ForkedCheckpoint> };

export type ForkOptions = {
  access: CheckpointAccess;
  bucket: ReadingBucket;
  workspace: (workspaceId: string) => CheckpointWorkspace;
  openBranch: (
    principal: Principal,
    request: { project: string; branch: string | null; checkpoint_id: string; idempotency_key: string | null },
  ) => Promise<SessionProject>;
  findProject: (principal: Principal, name: string, branch: string | null) => Promise<Place>;
  /** Null when the name is taken. */
  insertProject: (
    principal: Principal,
    project: {
      name: string;
      git_url: null;
      ids: { project_id: string; workspace_id: string };
      base_checkpoint_id: string;
      head_checkpoint_id: string | null;
    },
  ) => Promise<SessionProject | null>;
  keepPacksOf: (teamId: string, checkpointId: string) => Promise<void>;
  forkSession: (
    principal: Principal,
    source: { session_id: string; at_event: number },
    into: { project: SessionProject; session_id: string },
  ) => Promise<{ at_event: number }>;
  /** The same for the same person, purpose and key; a new one without a key. */
  idFor: (principal: Principal, purpose: string, key: string | null) => Promise<string>;
};

export function createForkService(options: ForkOptions): ForkService {
  return {
    async fork(principal, request) {
      const { branch, project, idempotency_key, session } = request;
      if (branch !== null && project !== null) {
        throw new AppError("invalid_argument", "Give branch for a new branch, or project for a new project, not both.");
      }
      const base = await options.access.find(principal, request.checkpoint_id);
      // Before anything is made: a session that cannot be continued leaves nothing behind.
      const mark = session === false ? null : await findMark(options, principal, { base, session });
      const wish = { project: base.project, branch, checkpoint_id: base.checkpoint_id, idempotency_key };
      const place =
        project === null
          ? await options.openBranch(principal, wish)
          : await openProject(options, principal, { name: project, base, key: idempotency_key });
      if (mark === null) return { place, base, session: null };
      const sessionId = await options.idFor(principal, "fork-session", idempotency_key);
      const forked = await options.forkSession(principal, mark, { project: place, session_id: sessionId });
      const continued = { session_id: sessionId, source_session_id: mark.session_id, at_event: forked.at_event };
      return { place, base, session: continued };
    },
  };
}

/** How far the conversation was at that checkpoint. */
async function findMark(
  { bucket }: ForkOptions,
  principal: Principal,
  { base, session }: { base: CheckpointRow; session: boolean | string },
): Promise<{ session_id: string; at_event: number }> {
  const { conversations } = await readManifest(bucket, principal.team_id, targetOf(base));
  const wanted = typeof session === "string" ? session : base.session_id;
  const mark = conversations.find(({ session_id }) => session_id === wanted);
  if (mark !== undefined) return { session_id: mark.session_id, at_event: mark.event_seq };
  if (wanted !== null && wanted === base.session_id && base.event_seq !== null) {
    return { session_id: wanted, at_event: base.event_seq };
  }
  const message = "This checkpoint names no such conversation. get_checkpoint shows those that it has.";
  throw new AppError("session_not_found", message);
}

/** The workspace first, then the rows: a cut leaves nothing that a person can see. */
async function openProject(
  options: ForkOptions,
  principal: Principal,
  { name, base, key }: { name: string; base: CheckpointRow; key: string | null },
): Promise<SessionProject> {
  const ids = {
    project_id: await options.idFor(principal, "fork-project", key),
    workspace_id: await options.idFor(principal, "fork-workspace", key),
  };
  const known = await findNamed(options, principal, name);
  if (known !== null) {
    if (known.project_id === ids.project_id) return known;
    throw taken(name);
  }
  const place = { ...ids, name, branch: MAIN_BRANCH, git_url: null };
  const target: CheckpointTarget = targetOf(base);
  await options.keepPacksOf(principal.team_id, base.checkpoint_id);
  const workspace = options.workspace(ids.workspace_id);
  const begun = unwrap(await workspace.begin(identityOf(principal, place), target, DEFAULT_CHECKPOINT_STRATEGY));
  const made = await options.insertProject(principal, {
    name,
    git_url: null,
    ids,
    base_checkpoint_id: base.checkpoint_id,
    head_checkpoint_id: begun.head?.checkpoint_id ?? null,
  });
  if (made !== null) return made;
  const winner = await findNamed(options, principal, name);
  if (winner?.project_id === ids.project_id) return winner;
  await workspace.destroy();
  throw taken(name);
}

async function findNamed(options: ForkOptions, principal: Principal, name: string): Promise<Place | null> {
  try {
    return await options.findProject(principal, name, null);
  } catch (error) {
    if (error instanceof AppError && error.code === "project_not_found") return null;
    throw error;
  }
}

function taken(name: string): AppError {
  return new AppError("project_name_taken", `You already have a project named "${name}". Choose another name.`);
}
