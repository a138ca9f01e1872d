// What the Worker and the Workspace object may ask of a Session object (Durable Object RPC). Expected failures are answers.
import type { Answer } from "../errors/app-error.ts";
import type { SessionEvent } from "../events/event.ts";
import type { PermissionMode } from "../permissions/permission-mode.ts";
import type { SessionSummary, TurnOptions, TurnResult, TurnSummary } from "../sessions/schema.ts";
import type { Principal } from "../teams/principal.ts";

export type SessionProject = {
  project_id: string;
  name: string;
  workspace_id: string;
  branch: string;
  /** Cloned into the workspace before the first turn. */
  git_url: string | null;
};

export type SubmitTurn = {
  principal: Principal;
  session_id: string;
  /** True when the caller named an existing session: it is not made when missing. */
  must_exist: boolean;
  /** Null with `must_exist`: a session keeps the project that it began in. Another one is refused. */
  project: SessionProject | null;
  prompt: string;
  options: TurnOptions;
  /** What a person allowed at most. */
  ceiling: { permission_mode: PermissionMode };
  /** A repeat with the same key gets the first answer. */
  idempotency_key: string | null;
};

export type SubmittedTurn = { session_id: string; turn_id: string; status: SessionSummary["status"]; cursor: number };

export type WaitRequest = {
  principal: Principal;
  after_cursor: number;
  /** At most MAX_WAIT_SECONDS. 0 answers at once. */
  wait_ms: number;
  /** `turn`: comes back when the turn has ended or a person is needed. `event`: with the next event. */
  return_on: "turn" | "event";
  /** The turn to wait for; null for the newest. */
  turn_id: string | null;
};

export type SessionView = {
  session: SessionSummary;
  /** The turn that runs, else the newest. */
  turn: TurnSummary | null;
  /** Of that turn, once it has ended. */
  result: TurnResult | null;
};

export type WaitAnswer = SessionView & {
  events: SessionEvent[];
  next_cursor: number;
  has_more: boolean;
  /** False when time was up first. */
  settled: boolean;
};

export type ModelRequestQuestion = { team_id: string; runtime_id: string; model: string | null };

export interface SessionApi {
  submit(request: SubmitTurn): Promise<Answer<SubmittedTurn>>;
  wait(request: WaitRequest): Promise<Answer<WaitAnswer>>;
  getSession(principal: Principal): Promise<Answer<SessionView>>;
  interrupt(principal: Principal): Promise<Answer<SessionView>>;
  end(principal: Principal): Promise<Answer<SessionView>>;
  /** One event; its whole body is at `body_key` in the bucket when it was shortened. */
  getEvent(principal: Principal, seq: number): Promise<Answer<{ event: SessionEvent; body_key: string | null }>>;
  /** Asked before each model request; an admitted one is renewed while it runs, and finished by its id. */
  beginModelRequest(question: ModelRequestQuestion): Promise<Answer<{ request_id: string }>>;
  renewModelRequest(requestId: string): Promise<void>;
  finishModelRequest(requestId: string): Promise<void>;
  /** The runner of `runtime_id` has something to say. */
  wake(runtimeId: string): Promise<void>;
  /** From the Workspace object: the lease is this turn's now. */
  leaseGranted(turnId: string): Promise<void>;
  /** From the Workspace object: does this session still want or hold the lease for that turn? */
  wantsLease(turnId: string): Promise<boolean>;
  /** From the Workspace object: another runtime took over, or none runs any more. The old one's tokens are void. */
  runtimeChanged(runtimeId: string | null): Promise<void>;
  /** From the Workspace object when the project is deleted. */
  projectDeleted(): Promise<void>;
}
