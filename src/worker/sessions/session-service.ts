// What people do with sessions: start and continue work, wait for it, look at it, stop it.
import type { PinnedAgent } from "../../shared/agents/agent-schema.ts";
import type { Attachment, AttachmentName } from "../../shared/attachments/schema.ts";
import type { SessionPlaces } from "../../shared/configuration/place.ts";
import { AppError, type Failure, unwrap } from "../../shared/errors/app-error.ts";
import type { SessionEvent } from "../../shared/events/event.ts";
import { cutToCeiling, type PermissionMode } from "../../shared/permissions/permission-mode.ts";
import type {
  IfBusy,
  SessionOptions,
  SessionProcesses,
  SessionProject,
  SessionTasks,
  SessionView,
  SetOptionsAnswer,
  SubmittedTurn,
  WaitAnswer,
} from "../../shared/rpc/session-api.ts";
import { AT_REST, isAtRest } from "../../shared/processes/registry-policy.ts";
import type { SessionStatus, TurnOptions } from "../../shared/sessions/schema.ts";
import type { BackgroundTask, TaskOutput } from "../../shared/tasks/schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { chooseTarget, type TargetOptions, type TargetRequest } from "./choose-target.ts";
import { OVER, type SessionRow } from "./session-store.ts";
import { type Waiting, waitForTurn } from "./wait-for-turn.ts";

export type ExecuteRequest = TargetRequest & {
  prompt: string;
  if_busy: IfBusy;
  attachments: readonly AttachmentName[];
  options: TurnOptions;
  wait_seconds: number;
  /** What a new session runs as. */
  agent?: PinnedAgent;
  /** W3C trace context of the call: the turn belongs below its span. */
  traceparent: string;
};

export type ExecuteAnswer = {
  submitted: SubmittedTurn;
  /** After waiting; null when nobody waited. */
  waited: WaitAnswer | null;
  /** The mode that was asked for, when the ceiling cut it. */
  cutFrom: PermissionMode | null;
};

type WaitFor = {
  session_id: string;
  after_cursor: number;
  wait_seconds: number;
  return_on: "turn" | "event";
  /** The turn that is waited for; the newest where it is left out. */
  turn_id?: string;
};

type ListRequest = {
  project: string | null;
  status: SessionStatus | null;
  limit: number;
  after: { created_at: string; session_id: string } | null;
};

export type ForkInto = { project: SessionProject; session_id: string };
export type Forked = { view: SessionView; source_session_id: string; at_event: number };

type Progress = Omit<Waiting, "nowMs">;

export type SessionService = {
  execute(principal: Principal, request: ExecuteRequest, progress: Progress): Promise<ExecuteAnswer>;
  wait(principal: Principal, request: WaitFor, progress: Progress): Promise<WaitAnswer>;
  get(principal: Principal, sessionId: string): Promise<SessionView>;
  /** Whose configuration it is made of. */
  places(principal: Principal, sessionId: string): Promise<SessionPlaces>;
  list(principal: Principal, request: ListRequest): Promise<SessionRow[]>;
  /** Those that have not ended. */
  listActive(principal: Principal, limit: number): Promise<SessionRow[]>;
  interrupt(principal: Principal, sessionId: string): Promise<SessionView>;
  end(principal: Principal, sessionId: string): Promise<SessionView>;
  getProcesses(principal: Principal, sessionId: string): Promise<SessionProcesses>;
  /** Those that work or wait now, each asked itself: the index may lag behind. */
  listRunning(principal: Principal, limit: number): Promise<SessionProcesses[]>;
  killProcess(principal: Principal, sessionId: string, request: { pid: number; force: boolean }): Promise<boolean>;
  listTasks(principal: Principal, sessionId: string): Promise<SessionTasks>;
  stopTask(
    principal: Principal,
    sessionId: string,
    taskId: string,
  ): Promise<{ stopped: boolean; task: BackgroundTask }>;
  readTaskOutput(principal: Principal, sessionId: string, taskId: string): Promise<TaskOutput>;
  /** Cut to the ceiling; `cutFrom` is the mode that was asked for, when it was. */
  setOptions(
    principal: Principal,
    sessionId: string,
    wanted: SessionOptions,
  ): Promise<SetOptionsAnswer & { cutFrom: PermissionMode | null }>;
  /** A new session that continues the source as it was after a turn; `into`: elsewhere, under an id that is given. */
  fork(principal: Principal, sessionId: string, atEvent: number | null, into?: ForkInto): Promise<Forked>;
  getEvent(
    principal: Principal,
    sessionId: string,
    seq: number,
  ): Promise<{ event: SessionEvent; body_key: string | null }>;
};

export type SessionServiceOptions = TargetOptions & {
  /** Throws when no request could be sent to the model anyway. */
  requireModelKey: () => void;
  /** Throws when sessions may not use this model. */
  requireModel: (model: string) => void;
  /** What a turn keeps of the files that a prompt names; throws for one that is not there. */
  resolveAttachments: (principal: Principal, names: readonly AttachmentName[]) => Promise<Attachment[]>;
  ceiling: PermissionMode;
  nowMs: () => number;
};

export function createSessionService(options: SessionServiceOptions): SessionService {
  const { directory, store } = options;
  const waiting = (progress: Progress): Waiting => ({ ...progress, nowMs: options.nowMs });
  return {
    execute: (principal, request, progress) => execute(options, principal, request, waiting(progress)),
    wait(principal, request, progress) {
      const { session_id, wait_seconds, turn_id = null, ...rest } = request;
      const wait = { principal, ...rest, wait_ms: wait_seconds * 1000, turn_id };
      return waitForTurn(directory.session(session_id), wait, waiting(progress));
    },
    get: async (principal, sessionId) => unwrap(await directory.session(sessionId).getSession(principal)),
    places: async (principal, sessionId) => unwrap(await directory.session(sessionId).getPlaces(principal)),
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
    getProcesses: async (principal, sessionId) => unwrap(await directory.session(sessionId).getProcesses(principal)),
    listRunning: (principal, limit) => listRunning(options, principal, limit),
    killProcess: async (principal, sessionId, request) =>
      unwrap(await directory.session(sessionId).killProcess(principal, request)).killed,
    listTasks: async (principal, sessionId) => unwrap(await directory.session(sessionId).listTasks(principal)),
    stopTask: async (principal, sessionId, taskId) =>
      unwrap(await directory.session(sessionId).stopTask(principal, taskId)),
    readTaskOutput: async (principal, sessionId, taskId) =>
      unwrap(await directory.session(sessionId).readTaskOutput(principal, taskId)),
    async setOptions(principal, sessionId, wanted) {
      if (wanted.model !== undefined) options.requireModel(wanted.model);
      const asked = wanted.permission_mode;
      const mode = asked === undefined ? undefined : cutToCeiling(asked, options.ceiling);
      const cut = { ...wanted, ...(mode !== undefined && { permission_mode: mode }) };
      const set = unwrap(await directory.session(sessionId).setOptions(principal, cut));
      return { ...set, cutFrom: findCut(asked, set.permission_mode) };
    },
    fork: (principal, sessionId, atEvent, into) => fork(options, principal, { sessionId, atEvent, into: into ?? null }),
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
  refuseSteering(request);
  if (request.options.model !== undefined) options.requireModel(request.options.model);
  const target = await chooseTarget(options, principal, request);
  const session = options.directory.session(target.session_id);
  const submitted = unwrap(
    await session.submit({
      principal,
      ...target,
      prompt: request.prompt,
      ...(await resolveFiles(options, principal, request)),
      ceiling: { permission_mode: options.ceiling },
      idempotency_key: request.idempotency_key,
      if_busy: request.if_busy,
      agent: request.agent,
      traceparent: request.traceparent,
    }),
  );
  // A prompt that joined a running turn runs as that one does.
  const cutFrom = submitted.steered ? null : findCut(request.options.permission_mode, submitted.permission_mode);
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
  return { submitted, waited, cutFrom };
}

/** The mode that was asked for, where what it became is narrower: by our own ceiling or by the project's. */
function findCut(asked: PermissionMode | undefined, becomes: PermissionMode | null): PermissionMode | null {
  return asked === undefined || becomes === null || cutToCeiling(asked, becomes) === asked ? null : asked;
}

/** A running turn has its options already. */
function refuseSteering({ if_busy, attachments, options }: ExecuteRequest): void {
  const { output_schema, structured_output_prefixes } = options;
  const isPlain = attachments.length === 0 && output_schema === undefined && structured_output_prefixes === undefined;
  if (if_busy !== "steer" || isPlain) return;
  const message =
    "attachments, output_schema and structured_output_prefixes cannot join a running turn. Leave if_busy out to queue the prompt.";
  throw new AppError("invalid_argument", message);
}

/** A file that is not there is told by the session: a repeat of an earlier call gets its first answer instead. */
async function resolveFiles(
  { resolveAttachments }: SessionServiceOptions,
  principal: Principal,
  request: ExecuteRequest,
): Promise<{ options: TurnOptions; problem?: Failure }> {
  if (request.attachments.length === 0) return { options: request.options };
  try {
    const attachments = await resolveAttachments(principal, request.attachments);
    return { options: { ...request.options, attachments } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { options: request.options, problem: { code: error.code, message: error.message } };
  }
}

async function listRunning(
  { store, directory }: SessionServiceOptions,
  principal: Principal,
  limit: number,
): Promise<SessionProcesses[]> {
  const rows = await store.list(principal, { statuses_not: AT_REST, after: null, limit });
  const asked = await Promise.all(rows.map(({ session_id }) => directory.session(session_id).getProcesses(principal)));
  const found = asked.flatMap((answer) => (answer.ok ? [answer.value] : []));
  return found.filter(({ session }) => !isAtRest(session.status));
}

async function fork(
  { directory, newId }: SessionServiceOptions,
  principal: Principal,
  { sessionId, atEvent, into }: { sessionId: string; atEvent: number | null; into: ForkInto | null },
): Promise<Forked> {
  const found = unwrap(await directory.session(sessionId).forkSource(principal, atEvent));
  const source = into === null ? found : { ...found, project: into.project };
  const newSessionId = into?.session_id ?? newId();
  const view = unwrap(await directory.session(newSessionId).beginFork(principal, newSessionId, source));
  return { view, source_session_id: sessionId, at_event: source.at_event };
}
