// The Session object: one Claude Code session. Builds its collaborators and hands every call on. Composition root.
import { DurableObject } from "cloudflare:workers";
import type { AnswerUsage } from "../shared/accounting/answer-usage.ts";
import type { SessionPlaces } from "../shared/configuration/place.ts";
import type { ConversationMark } from "../shared/checkpoints/format.ts";
import type { CheckpointRecord } from "../shared/checkpoints/schema.ts";
import { answer, failure, type Answer } from "../shared/errors/app-error.ts";
import type { SessionEvent } from "../shared/events/event.ts";
import type { PermissionRequestView } from "../shared/permissions/permission-request.ts";
import type { RunningSession } from "../shared/processes/schema.ts";
import type { AssertExtends } from "../shared/rpc/protocol.ts";
import type {
  AnswerPermission,
  ForkSource,
  LogPage,
  LogSize,
  ModelRequestQuestion,
  ModelTiming,
  ServerRequestQuestion,
  SessionApi,
  SessionOptions,
  SessionProcesses,
  SessionTasks,
  SessionView,
  SetOptionsAnswer,
  SubmittedTurn,
  SubmitTurn,
  WaitAnswer,
  WaitRequest,
} from "../shared/rpc/session-api.ts";
import type { BackgroundTask, TaskOutput } from "../shared/tasks/schema.ts";
import type { Principal } from "../shared/teams/principal.ts";
import type { WatchTicket } from "../shared/watching/watch-request.ts";
import { explainLeft, type Left } from "./archive/session-deleter.ts";
import { systemClock } from "./clock.ts";
import { readConfig } from "./config.ts";
import { withDeadline } from "./deadline.ts";
import { bodyKey } from "./events/body-store.ts";
import { admitHook } from "./hooks/hook-admission.ts";
import { admitServerRequest } from "./mcp-servers/server-admission.ts";
import { createObjectLogger } from "./object-log.ts";
import { runSessionTasks } from "./sessions/session-tasks.ts";
import { composeSession, type Session } from "./sessions/compose-session.ts";
import { SESSION_MIGRATIONS } from "./sessions/schema.ts";
import { beginAsAgent, createSession, titleOf } from "./sessions/submit-turn.ts";
import { tellSubmitted } from "./sessions/told-mode.ts";
import { isCreated, migrate } from "./sql/migrate.ts";
import { answerWatch, readWatchRequest, refuseWatch } from "./watching/answer-watch.ts";
import { TICKET_REFUSED } from "./watching/ticket-store.ts";

const ENDED = failure("session_ended", "This session has ended. Begin a new one with execute_claude.");
const NOT_FOUND = failure("session_not_found", "There is no such session. list_sessions shows yours.");

/** Hosted clients give up on a call soon after; what is left by then is done without them. */
const DELETE_ANSWER_MS = 30_000;

export class SessionObject extends DurableObject<Env> {
  /** Null until the session was created: a guessed id leaves no trace. */
  #session: Session | null = null;
  readonly #logger = createObjectLogger("session", this.ctx.id.name ?? this.ctx.id.toString());

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (isCreated(ctx.storage.sql)) this.#open();
  }

  #open(): Session {
    migrate(this.ctx.storage, SESSION_MIGRATIONS);
    return (this.#session ??= composeSession({
      storage: this.ctx.storage,
      sockets: this.ctx,
      bucket: this.env.BUCKET,
      database: this.env.DB,
      workspace: (id) => this.env.WORKSPACE.getByName(id),
      team: (id) => this.env.TEAM.getByName(id),
      config: readConfig(this.env),
      clock: systemClock,
      logger: this.#logger,
      background: (work) => this.ctx.waitUntil(work.catch((error) => this.#logger.error("background_failed", error))),
    }));
  }

  /** The session when it is this person's; anything else looks as if it did not exist. */
  #of(principal: Principal): Session | null {
    const row = this.#session?.sessions.get();
    return row?.team_id === principal.team_id && row.owner_id === principal.user_id ? this.#session : null;
  }

  async submit(request: SubmitTurn): Promise<Answer<SubmittedTurn>> {
    if (this.#session === null && !request.must_exist && request.project !== null) {
      if (request.problem !== undefined) return { ok: false, error: request.problem };
      const session = this.#open();
      createSession(session, { ...request, title: titleOf(request.prompt), forked_from: null }, request.project);
      beginAsAgent(session, request);
    }
    const session = this.#of(request.principal);
    if (session === null) return NOT_FOUND;
    session.configuration.noticed(request.principal.configuration_version);
    const submitted = session.submitter.submit(request);
    if (submitted.ok) session.drive();
    return tellSubmitted(session, submitted);
  }

  async wait(request: WaitRequest): Promise<Answer<WaitAnswer>> {
    const session = this.#of(request.principal);
    if (session === null) return NOT_FOUND;
    return session.reader.refuseCursor(request) ?? answer(await session.reader.wait(request));
  }

  async getSession(principal: Principal): Promise<Answer<SessionView>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(session.reader.view());
  }

  async getPlaces(principal: Principal): Promise<Answer<SessionPlaces>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    const { team_id, owner_id, project_id, session_id } = session.sessions.get();
    return answer({ team_id, owner_id, project_id, session_id });
  }

  async getStartup(principal: Principal): Promise<Answer<{ slash_commands: string[] }>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(session.reader.startup());
  }

  async interrupt(principal: Principal): Promise<Answer<SessionView>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    await session.ender.interrupt();
    session.drive();
    return answer(session.reader.view());
  }

  async end(principal: Principal): Promise<Answer<SessionView>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    await session.ender.end("ended on request");
    session.drive();
    return answer(session.reader.view());
  }

  async getProcesses(principal: Principal): Promise<Answer<SessionProcesses>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    const found = answer(await session.processes.list());
    session.drive();
    return found;
  }

  async reviewProcesses(teamId: string): Promise<Answer<RunningSession | null>> {
    const session = this.#session;
    if (session === null || session.sessions.get().team_id !== teamId) return NOT_FOUND;
    const running = answer(await session.processes.review());
    session.drive();
    return running;
  }

  async killProcess(
    principal: Principal,
    request: { pid: number; force: boolean },
  ): Promise<Answer<{ killed: boolean }>> {
    return (await this.#of(principal)?.processes.kill(request)) ?? NOT_FOUND;
  }

  async listTasks(principal: Principal): Promise<Answer<SessionTasks>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(await session.tasks.list());
  }

  async stopTask(principal: Principal, taskId: string): Promise<Answer<{ stopped: boolean; task: BackgroundTask }>> {
    return (await this.#of(principal)?.tasks.stop(taskId)) ?? NOT_FOUND;
  }

  async readTaskOutput(principal: Principal, taskId: string): Promise<Answer<TaskOutput>> {
    return (await this.#of(principal)?.tasks.output(taskId)) ?? NOT_FOUND;
  }

  async deleteSession(principal: Principal): Promise<Answer<{ deleted: true }>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    const deletion = this.#delete(session);
    this.ctx.waitUntil(deletion.catch((error) => this.#logger.error("deletion_failed", error)));
    const left = await withDeadline(deletion, DELETE_ANSWER_MS).catch(() => null);
    return left?.length === 0 ? answer({ deleted: true }) : explainLeft(left);
  }

  /** Everything outside first, then the object itself. Gives what is left. */
  async #delete(session: Session): Promise<Left[]> {
    const left = await session.deleter.run(this.env.DB);
    if (left.length > 0 || this.#session !== session) return left;
    this.#session = null;
    await this.ctx.storage.deleteAll();
    await this.ctx.storage.deleteAlarm();
    // Who still waits or watches finds nothing any more.
    session.bell.ring();
    return [];
  }

  async readLog(principal: Principal, afterCursor: number): Promise<Answer<LogPage>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(await session.exports.page(afterCursor));
  }

  async measureLog(principal: Principal): Promise<Answer<LogSize>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    return answer({ session: session.reader.view().session, export_bytes: session.exports.bytes() });
  }

  async setOptions(principal: Principal, options: SessionOptions): Promise<Answer<SetOptionsAnswer>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    session.configuration.noticed(principal.configuration_version);
    return session.sessions.get().status === "ended" ? ENDED : answer(await session.setOptions(options));
  }

  async forkSource(principal: Principal, atEvent: number | null): Promise<Answer<ForkSource>> {
    return (await this.#of(principal)?.forks.source(atEvent)) ?? NOT_FOUND;
  }

  async beginFork(principal: Principal, sessionId: string, source: ForkSource): Promise<Answer<SessionView>> {
    if (this.#session === null) {
      const request = { principal, session_id: sessionId, title: source.title, forked_from: source.claude_session_id };
      const session = this.#open();
      createSession(session, request, source.project);
      if (source.agent !== null) session.agent.pin(source.agent, false);
    }
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    await session.forks.fill(source);
    session.drive();
    return answer(session.reader.view());
  }

  async getEvent(principal: Principal, seq: number): Promise<Answer<{ event: SessionEvent; body_key: string | null }>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    const event = await session.archived.get(seq);
    if (event === null) return failure("not_found", "The session has no event of this number.");
    const body_key = event.body === undefined ? null : bodyKey(session.sessions.get(), event.body.sha256);
    return answer({ event, body_key });
  }

  async createWatchTicket(principal: Principal): Promise<Answer<WatchTicket>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(await session.tickets.issue(principal));
  }

  async listPermissions(principal: Principal): Promise<Answer<PermissionRequestView[]>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(session.permissions.pending());
  }

  async getPermission(principal: Principal, requestId: string): Promise<Answer<PermissionRequestView>> {
    return this.#of(principal)?.permissions.view(requestId) ?? NOT_FOUND;
  }

  async answerPermission(principal: Principal, request: AnswerPermission): Promise<Answer<PermissionRequestView>> {
    return this.#of(principal)?.permissions.answer({ ...request, user_id: principal.user_id }) ?? NOT_FOUND;
  }

  async redeemWatchTicket(ticket: string): Promise<Answer<Principal>> {
    return (await this.#session?.tickets.redeem(ticket)) ?? TICKET_REFUSED;
  }

  /** Somebody watches: a stream of events, or a WebSocket. */
  override async fetch(request: Request): Promise<Response> {
    const watch = readWatchRequest(request);
    const session = this.#of(watch.principal);
    return session === null ? refuseWatch(NOT_FOUND.error) : answerWatch(session.watchers, request, watch);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#session?.watchers.hear(socket, message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#session?.watchers.forget(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#session?.watchers.forget(socket);
  }

  async beginModelRequest(question: ModelRequestQuestion): Promise<Answer<{ request_id: string }>> {
    if (this.#session === null) return NOT_FOUND;
    return this.#session.models.begin(question);
  }

  async renewModelRequest(requestId: string): Promise<void> {
    this.#session?.models.renew(requestId);
  }

  async finishModelRequest(requestId: string, usage: AnswerUsage | null, timing: ModelTiming): Promise<void> {
    this.#session?.models.finish(requestId, usage, timing);
  }

  async admitServerRequest(question: ServerRequestQuestion): Promise<Answer<{ owner_id: string; project_id: string }>> {
    return this.#session === null ? NOT_FOUND : admitServerRequest(this.#session.sessions.get(), question);
  }

  async admitHook(question: ServerRequestQuestion, url: string): Promise<Answer<null>> {
    if (this.#session === null) return NOT_FOUND;
    const { sessions, configuration } = this.#session;
    const urls = configuration.gate().hook_urls;
    return admitHook(sessions.get(), question, { url, urls, nowMs: systemClock.nowMs() });
  }

  async wake(runtimeId: string): Promise<void> {
    if (this.#session?.sessions.get().runtime_id !== runtimeId) return;
    this.#session.driver.requestWake();
    this.#session.drive();
  }

  async leaseGranted(turnId: string): Promise<void> {
    this.#session?.leases.granted(turnId);
    this.#session?.drive();
  }

  async slotGranted(turnId: string): Promise<void> {
    if (this.#session?.turns.get(turnId)?.ended_at === null) this.#session.drive();
  }

  async wantsLease(turnId: string): Promise<boolean> {
    const turn = this.#session?.turns.get(turnId);
    return turn !== null && turn !== undefined && turn.ended_at === null;
  }

  async runtimeChanged(runtimeId: string | null): Promise<void> {
    const session = this.#session;
    if (session === null || session.sessions.get().runtime_id === runtimeId) return;
    session.driver.loseRuntime();
    session.drive();
  }

  async checkpointCreated(checkpoint: CheckpointRecord): Promise<void> {
    this.#session?.checkpoints.created(checkpoint);
  }

  async markConversation(turnId: string): Promise<ConversationMark | null> {
    return this.#session?.checkpoints.mark(turnId) ?? null;
  }

  async rewindConversation(request: Parameters<SessionApi["rewindConversation"]>[0]): Promise<Answer<null>> {
    return this.#session?.checkpoints.rewind(request) ?? NOT_FOUND;
  }

  async projectDeleted(): Promise<void> {
    await this.#session?.ender.end("its project was deleted");
    this.#session?.drive();
  }

  override async alarm(): Promise<void> {
    if (this.#session === null) return;
    const session = this.#session;
    try {
      await runSessionTasks(session, this.env.DB, this.#logger);
      if (session.deleter.isDone()) await this.#delete(session);
    } catch (error) {
      // A session that was deleted meanwhile has no due times any more.
      if (this.#session === session) throw error;
    }
  }
}

/** Fails to compile when the class is not the contract. */
type _SessionObjectProof = AssertExtends<SessionObject, SessionApi>;
