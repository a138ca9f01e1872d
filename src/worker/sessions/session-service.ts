// What people do with sessions: start and continue work, wait for it, look at it, stop it.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import type { SessionEvent } from "../../shared/events/event.ts";
import { cutToCeiling, type PermissionMode } from "../../shared/permissions/permission-mode.ts";
import type { SessionProject, SessionView, SubmittedTurn, WaitAnswer } from "../../shared/rpc/session-api.ts";
import type { SessionStatus, TurnOptions } from "../../shared/sessions/schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { SessionDirectory } from "./session-directory.ts";
import { sessionIdForKey, type Sha1 } from "./session-id-policy.ts";
import type { SessionRow, SessionStore } from "./session-store.ts";
import { type Waiting, waitForTurn } from "./wait-for-turn.ts";

type ExecuteRequest = {
  project: string | null;
  prompt: string;
  session_id: string | null;
  continue_session: boolean;
  options: TurnOptions;
  wait_seconds: number;
  idempotency_key: string | null;
};

export type ExecuteAnswer = {
  submitted: SubmittedTurn;
  /** After waiting; null when nobody waited. */
  waited: WaitAnswer | null;
  permissionMode: PermissionMode;
  /** The mode that was asked for, when the ceiling cut it. */
  cutFrom: PermissionMode | null;
};

type WaitFor = {
  session_id: string;
  after_cursor: number;
  wait_seconds: number;
  return_on: "turn" | "event";
};

type ListRequest = {
  project: string | null;
  status: SessionStatus | null;
  limit: number;
  after: { created_at: string; session_id: string } | null;
};

type Progress = Omit<Waiting, "nowMs">;

export type SessionService = {
  execute(principal: Principal, request: ExecuteRequest, progress: Progress): Promise<ExecuteAnswer>;
  wait(principal: Principal, request: WaitFor, progress: Progress): Promise<WaitAnswer>;
  get(principal: Principal, sessionId: string): Promise<SessionView>;
  list(principal: Principal, request: ListRequest): Promise<SessionRow[]>;
  /** Those that have not ended. */
  listActive(principal: Principal, limit: number): Promise<SessionRow[]>;
  interrupt(principal: Principal, sessionId: string): Promise<SessionView>;
  end(principal: Principal, sessionId: string): Promise<SessionView>;
  getEvent(
    principal: Principal,
    sessionId: string,
    seq: number,
  ): Promise<{ event: SessionEvent; body_key: string | null }>;
};

export type SessionServiceOptions = {
  directory: SessionDirectory;
  store: SessionStore;
  /** The person's project of that name; `project_not_found` otherwise. */
  findProject: (principal: Principal, name: string) => Promise<SessionProject>;
  /** As findProject, but the default one is made, also for null. */
  resolveProject: (principal: Principal, name: string | null) => Promise<SessionProject>;
  /** Throws when no request could be sent to the model anyway. */
  requireModelKey: () => void;
  /** Throws when sessions may not use this model. */
  requireModel: (model: string) => void;
  ceiling: PermissionMode;
  newId: () => string;
  nowMs: () => number;
  subtle: Sha1;
};

export const DEFAULT_PERMISSION_MODE: PermissionMode = "acceptEdits";

const OVER: readonly SessionStatus[] = ["ended", "failed"];

export function createSessionService(options: SessionServiceOptions): SessionService {
  const { directory, store } = options;
  const waiting = (progress: Progress): Waiting => ({ ...progress, nowMs: options.nowMs });
  return {
    execute: (principal, request, progress) => execute(options, principal, request, waiting(progress)),
    wait(principal, request, progress) {
      const { session_id, wait_seconds, ...rest } = request;
      const wait = { principal, ...rest, wait_ms: wait_seconds * 1000, turn_id: null };
      return waitForTurn(directory.session(session_id), wait, waiting(progress));
    },
    get: async (principal, sessionId) => unwrap(await directory.session(sessionId).getSession(principal)),
    async list(principal, request) {
      const project = request.project === null ? null : await options.findProject(principal, request.project);
      return store.list(principal, {
        ...(project !== null && { project_id: project.project_id }),
        ...(request.status !== null && { status: request.status }),
        after: request.after,
        limit: request.limit,
      });
    },
    listActive: (principal, limit) => store.list(principal, { statuses_not: OVER, after: null, limit }),
    interrupt: async (principal, sessionId) => unwrap(await directory.session(sessionId).interrupt(principal)),
    end: async (principal, sessionId) => unwrap(await directory.session(sessionId).end(principal)),
    getEvent: async (principal, sessionId, seq) => unwrap(await directory.session(sessionId).getEvent(principal, seq)),
  };
}

async function execute(
  options: SessionServiceOptions,
  principal: Principal,
  request: ExecuteRequest,
  waiting: Waiting,
): Promise<ExecuteAnswer> {
  options.requireModelKey();
  if (request.options.model !== undefined) options.requireModel(request.options.model);
  const asked = request.options.permission_mode ?? DEFAULT_PERMISSION_MODE;
  const permissionMode = cutToCeiling(asked, options.ceiling);
  const target = await chooseTarget(options, principal, request);
  const session = options.directory.session(target.session_id);
  const submitted = unwrap(
    await session.submit({
      principal,
      ...target,
      prompt: request.prompt,
      options: { ...request.options, permission_mode: permissionMode },
      ceiling: { permission_mode: options.ceiling },
      idempotency_key: request.idempotency_key,
    }),
  );
  const cutFrom = request.options.permission_mode !== undefined && asked !== permissionMode ? asked : null;
  const waited =
    request.wait_seconds === 0
      ? null
      : await waitForTurn(
          session,
          {
            principal,
            after_cursor: submitted.cursor,
            wait_ms: request.wait_seconds * 1000,
            return_on: "turn",
            turn_id: submitted.turn_id,
          },
          waiting,
        );
  return { submitted, waited, permissionMode, cutFrom };
}

type Target = { session_id: string; must_exist: boolean; project: SessionProject | null };

async function chooseTarget(
  options: SessionServiceOptions,
  principal: Principal,
  request: ExecuteRequest,
): Promise<Target> {
  if (request.session_id !== null) {
    if (request.continue_session) {
      throw new AppError("invalid_argument", "Give session_id or continue_session, not both.");
    }
    const project = request.project === null ? null : await options.findProject(principal, request.project);
    return { session_id: request.session_id, must_exist: true, project };
  }
  const project = await options.resolveProject(principal, request.project);
  const key = request.idempotency_key;
  const ownId = key === null ? options.newId() : await sessionIdForKey(principal, key, options.subtle);
  if (!request.continue_session) return { session_id: ownId, must_exist: false, project };
  const latest = () => findLatest(options.store, principal, project.project_id);
  const sessionId = key === null ? await latest() : await findForKey(options.store, ownId, latest);
  return { session_id: sessionId ?? ownId, must_exist: sessionId !== null && sessionId !== ownId, project };
}

/** The newest session when the key came first: by the time of a repeat there may be a newer one. */
async function findForKey(store: SessionStore, keyId: string, latest: () => Promise<string | null>): Promise<string> {
  const known = await store.findChoice(keyId);
  return known ?? store.keepChoice(keyId, (await latest()) ?? keyId);
}

async function findLatest(store: SessionStore, principal: Principal, projectId: string): Promise<string | null> {
  const filter = { project_id: projectId, statuses_not: OVER, after: null, limit: 1 };
  const [latest] = await store.list(principal, filter);
  return latest?.session_id ?? null;
}
