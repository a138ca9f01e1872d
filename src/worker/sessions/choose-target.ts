// Which session a prompt goes to, and where: one that is named, one that its key stands for, the latest, or a new one.
import { AppError } from "../../shared/errors/app-error.ts";
import type { SessionProject } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { SessionDirectory } from "./session-directory.ts";
import { type SessionKey, sessionIdForConversation, sessionIdForKey, type Sha1 } from "./session-id-policy.ts";
import { OVER, type SessionStore } from "./session-store.ts";

export type OpenBranch = {
  project: string | null;
  branch: string | null;
  checkpoint_id: string;
  idempotency_key: string | null;
};

export type TargetRequest = {
  project: string | null;
  branch: string | null;
  /** Begin a branch from this checkpoint, named by `branch` or by us. */
  checkpoint_id: string | null;
  session_id: string | null;
  continue_session: boolean;
  session_key: SessionKey | null;
  idempotency_key: string | null;
};

export type TargetOptions = {
  directory: SessionDirectory;
  store: SessionStore;
  /** The person's project of that name; `project_not_found` otherwise. */
  findProject: (principal: Principal, name: string) => Promise<SessionProject>;
  /** As findProject, but the default one is made, also for null; null is the branch `main`. */
  resolveProject: (principal: Principal, name: string | null, branch: string | null) => Promise<SessionProject>;
  /** A branch that begins from a checkpoint; a repeat with the same key finds the one that was made. */
  openBranch: (principal: Principal, request: OpenBranch) => Promise<SessionProject>;
  newId: () => string;
  subtle: Sha1;
};

type Target = { session_id: string; must_exist: boolean; project: SessionProject | null };

export async function chooseTarget(
  options: TargetOptions,
  principal: Principal,
  request: TargetRequest,
): Promise<Target> {
  refuseTwoTargets(request);
  const known = request.session_id ?? (await findKeyed(options, principal, request.session_key));
  if (known !== null) {
    const project = request.project === null ? null : await options.findProject(principal, request.project);
    return { session_id: known, must_exist: true, project };
  }
  const project = await choosePlace(options, principal, request);
  if (request.session_key !== null) {
    const keyed = await sessionIdForConversation(principal, request.session_key, options.subtle);
    return { session_id: keyed, must_exist: false, project };
  }
  const key = request.idempotency_key;
  const ownId = key === null ? options.newId() : await sessionIdForKey(principal, key, options.subtle);
  if (!request.continue_session) return { session_id: ownId, must_exist: false, project };
  const latest = () => findLatest(options.store, principal, project);
  const sessionId = key === null ? await latest() : await findForKey(options.store, ownId, latest);
  return { session_id: sessionId ?? ownId, must_exist: sessionId !== null && sessionId !== ownId, project };
}

/** The newest session when the key came first: by the time of a repeat there may be a newer one. */
async function findForKey(store: SessionStore, keyId: string, latest: () => Promise<string | null>): Promise<string> {
  const known = await store.findChoice(keyId);
  return known ?? store.keepChoice(keyId, (await latest()) ?? keyId);
}

function refuseTwoTargets(request: TargetRequest): void {
  const { session_id, session_key, continue_session, branch, checkpoint_id } = request;
  const given = [session_id !== null, session_key !== null, continue_session].filter(Boolean).length;
  if (given > 1) throw new AppError("invalid_argument", "Give one of session_id, session_key and continue_session.");
  if (session_id !== null && branch !== null) {
    throw new AppError("invalid_argument", "A session keeps its branch: give session_id or branch, not both.");
  }
  if (given > 0 && checkpoint_id !== null) {
    const message = "checkpoint_id begins a branch and a session. fork_checkpoint continues a conversation from one.";
    throw new AppError("invalid_argument", message);
  }
}

async function choosePlace(
  options: TargetOptions,
  principal: Principal,
  { project, branch, checkpoint_id, idempotency_key }: TargetRequest,
): Promise<SessionProject> {
  if (checkpoint_id === null) return options.resolveProject(principal, project, branch);
  return options.openBranch(principal, { project, branch, checkpoint_id, idempotency_key });
}

/** The conversation's session when it exists: it keeps the project that it began in. */
async function findKeyed(options: TargetOptions, principal: Principal, key: SessionKey | null): Promise<string | null> {
  if (key === null) return null;
  const sessionId = await sessionIdForConversation(principal, key, options.subtle);
  return (await options.directory.session(sessionId).getSession(principal)).ok ? sessionId : null;
}

async function findLatest(store: SessionStore, principal: Principal, project: SessionProject): Promise<string | null> {
  const { project_id, workspace_id } = project;
  const filter = { project_id, workspace_id, statuses_not: OVER, after: null, limit: 1 };
  const [latest] = await store.list(principal, filter);
  return latest?.session_id ?? null;
}
