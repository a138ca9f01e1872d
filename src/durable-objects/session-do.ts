// The Session object: one Claude Code session. Builds its collaborators and hands every call on. Composition root.
import { DurableObject } from "cloudflare:workers";
import { answer, failure, type Answer } from "../shared/errors/app-error.ts";
import type { SessionEvent } from "../shared/events/event.ts";
import type { AssertExtends } from "../shared/rpc/protocol.ts";
import type {
  ModelRequestQuestion,
  SessionApi,
  SessionView,
  SubmittedTurn,
  SubmitTurn,
  WaitAnswer,
  WaitRequest,
} from "../shared/rpc/session-api.ts";
import type { Principal } from "../shared/teams/principal.ts";
import { systemClock } from "./clock.ts";
import { readConfig } from "./config.ts";
import { bodyKey } from "./events/body-store.ts";
import { createObjectLogger } from "./object-log.ts";
import { runSessionTasks } from "./sessions/session-tasks.ts";
import { composeSession, type Session } from "./sessions/compose-session.ts";
import { SESSION_MIGRATIONS } from "./sessions/schema.ts";
import { createSession } from "./sessions/submit-turn.ts";
import { isCreated, migrate } from "./sql/migrate.ts";

const NOT_FOUND = failure("session_not_found", "There is no such session. list_sessions shows yours.");

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
      bucket: this.env.BUCKET,
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
      const session = this.#open();
      createSession(session, request, request.project);
    }
    const session = this.#of(request.principal);
    if (session === null) return NOT_FOUND;
    const submitted = session.submitter.submit(request);
    if (submitted.ok) session.drive();
    return submitted;
  }

  async wait(request: WaitRequest): Promise<Answer<WaitAnswer>> {
    const session = this.#of(request.principal);
    return session === null ? NOT_FOUND : answer(await session.reader.wait(request));
  }

  async getSession(principal: Principal): Promise<Answer<SessionView>> {
    const session = this.#of(principal);
    return session === null ? NOT_FOUND : answer(session.reader.view());
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

  async getEvent(principal: Principal, seq: number): Promise<Answer<{ event: SessionEvent; body_key: string | null }>> {
    const session = this.#of(principal);
    if (session === null) return NOT_FOUND;
    const event = session.events.get(seq);
    if (event === null) return failure("not_found", "The session has no event of this number.");
    const body_key = event.body === undefined ? null : bodyKey(session.sessions.get(), event.body.sha256);
    return answer({ event, body_key });
  }

  async beginModelRequest(question: ModelRequestQuestion): Promise<Answer<{ request_id: string }>> {
    if (this.#session === null) return NOT_FOUND;
    return this.#session.admission.begin(this.#session.sessions.get(), question);
  }

  async renewModelRequest(requestId: string): Promise<void> {
    this.#session?.admission.renew(requestId);
  }

  async finishModelRequest(requestId: string): Promise<void> {
    this.#session?.admission.finish(requestId);
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

  async projectDeleted(): Promise<void> {
    await this.#session?.ender.end("its project was deleted");
    this.#session?.drive();
  }

  override async alarm(): Promise<void> {
    if (this.#session === null) return;
    await runSessionTasks(this.#session, this.env.DB, this.#logger);
  }
}

/** Fails to compile when the class is not the contract. */
type _SessionObjectProof = AssertExtends<SessionObject, SessionApi>;
