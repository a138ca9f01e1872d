// What the Worker and the Workspace object may ask of a Session object (Durable Object RPC). Expected failures are answers.
import type { PinnedAgent } from "../agents/agent-schema.ts";
import type { AnswerUsage } from "../accounting/answer-usage.ts";
import type { SessionPlaces } from "../configuration/place.ts";
import type { ConversationMark } from "../checkpoints/format.ts";
import type { CheckpointRecord } from "../checkpoints/schema.ts";
import type { Answer, Failure } from "../errors/app-error.ts";
import type { SessionEvent } from "../events/event.ts";
import type { PermissionMode } from "../permissions/permission-mode.ts";
import type {
  AnswerWay,
  PendingPermission,
  PermissionAnswer,
  PermissionRequestView,
} from "../permissions/permission-request.ts";
import type { SessionSummary, TurnOptions, TurnResult, TurnSummary } from "../sessions/schema.ts";
import type { ProcessInfo, RunningSession } from "../processes/schema.ts";
import type { BackgroundTask, TaskOutput } from "../tasks/schema.ts";
import type { TranscriptFile } from "../transcripts/schema.ts";
import type { Principal } from "../teams/principal.ts";
import type { WatchTicket } from "../watching/watch-request.ts";

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
  if_busy: IfBusy;
  /** What the edge found wrong with the files that the prompt names; a repeat gets its first answer all the same. */
  problem?: Failure | undefined;
  /** What a session that begins with this prompt runs as; one that is there stays what it is. */
  agent?: PinnedAgent | undefined;
  /** W3C trace context of the request that it comes with. */
  traceparent?: string;
};

/** What a prompt to a session that is busy does: waits, joins the running turn, or comes back. */
export const IF_BUSY = ["queue", "steer", "refuse"] as const;
export type IfBusy = (typeof IF_BUSY)[number];

export type SubmittedTurn = {
  session_id: string;
  /** The turn that the prompt became, or joined. */
  turn_id: string;
  status: SessionSummary["status"];
  cursor: number;
  /** The mode in which that turn runs. */
  permission_mode: PermissionMode;
  /** True when it joined a running turn. */
  steered: boolean;
  /** What the session runs as; absent for Claude Code itself. */
  agent?: SessionSummary["agent"];
};

/** What later turns use that do not say otherwise; what runs takes it over at once. */
export type SessionOptions = { model?: string; permission_mode?: PermissionMode };
export type SetOptionsAnswer = {
  model: string | null;
  permission_mode: PermissionMode | null;
  applied_to_live: boolean;
};

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

/** When a model request came, was first answered and had ended, in milliseconds since 1970. */
export type ModelTiming = {
  model: string | null;
  started_at_ms: number;
  /** Null when no answer came. */
  answered_at_ms: number | null;
  ended_at_ms: number;
  /** Of the provider's answer. */
  status: number | null;
};

export type SessionView = {
  session: SessionSummary;
  /** The turn that runs, else the newest. */
  turn: TurnSummary | null;
  /** Of that turn, once it has ended. */
  result: TurnResult | null;
  /** What waits for a person. */
  pending_permissions: PendingPermission[];
};

export type WaitAnswer = SessionView & {
  events: SessionEvent[];
  next_cursor: number;
  has_more: boolean;
  /** False when time was up first. */
  settled: boolean;
};

/** A session as it was after one of its turns: what a fork of it begins with. */
export type ForkSource = {
  session_id: string;
  /** The turn's last event. */
  at_event: number;
  project: SessionProject;
  title: string;
  claude_session_id: string;
  files: TranscriptFile[];
  /** What the files of its prompts come to. */
  attached_bytes: number;
  /** What the session runs as; null for Claude Code itself. */
  agent: PinnedAgent | null;
};

export type SessionProcesses = {
  session: SessionSummary;
  turn: TurnSummary | null;
  runtime_id: string | null;
  processes: ProcessInfo[];
  /** False when the sandbox did not answer, so that nothing is known of its processes. */
  checked: boolean;
  last_event: Pick<SessionEvent, "seq" | "type" | "at"> | null;
};

/** `checked`: false when the sandbox did not answer. */
export type SessionTasks = { tasks: BackgroundTask[]; checked: boolean };

/** An event as it is stored; `body_key` is where a shortened one lies whole in the bucket. */
export type LoggedEvent = { seq: number; json: string; body_key: string | null };
export type LogPage = { events: LoggedEvent[]; has_more: boolean };
/** `export_bytes`: what all events have as lines, with every message whole. */
export type LogSize = { session: SessionSummary; export_bytes: number };

/** How a person answers a permission request, and on which way. */
export type AnswerPermission = {
  request_id: string;
  answer: PermissionAnswer;
  way: AnswerWay;
  /** The OAuth client through which it came, where one is known. */
  client_id?: string;
};

export type ModelRequestQuestion = {
  team_id: string;
  runtime_id: string;
  /** Null for a request that costs nothing. */
  model: string | null;
  /** What its cost is estimated by. */
  prompt_bytes?: number;
  max_output_tokens?: number | null;
};

/** Asked before each request to an MCP server. */
export type ServerRequestQuestion = { team_id: string; runtime_id: string };

export interface SessionApi {
  submit(request: SubmitTurn): Promise<Answer<SubmittedTurn>>;
  wait(request: WaitRequest): Promise<Answer<WaitAnswer>>;
  getSession(principal: Principal): Promise<Answer<SessionView>>;
  /** Whose configuration it is made of: a project's name may be another one's by now. */
  getPlaces(principal: Principal): Promise<Answer<SessionPlaces>>;
  /** What Claude Code named when it last started in this session; empty before, and once the log is archived. */
  getStartup(principal: Principal): Promise<Answer<{ slash_commands: string[] }>>;
  interrupt(principal: Principal): Promise<Answer<SessionView>>;
  end(principal: Principal): Promise<Answer<SessionView>>;
  /** True once nothing is left; `deletion_incomplete` while something is, and the object goes on by itself. */
  deleteSession(principal: Principal): Promise<Answer<{ deleted: true }>>;
  /** A page of the log after that event, wherever it lies. */
  readLog(principal: Principal, afterCursor: number): Promise<Answer<LogPage>>;
  measureLog(principal: Principal): Promise<Answer<LogSize>>;
  /** What runs for the session, asked of its sandbox now. */
  getProcesses(principal: Principal): Promise<Answer<SessionProcesses>>;
  /** From the Team object's sweep and the team's list: what runs, and the index is owed it. Null for a session at rest. */
  reviewProcesses(teamId: string): Promise<Answer<RunningSession | null>>;
  killProcess(principal: Principal, request: { pid: number; force: boolean }): Promise<Answer<{ killed: boolean }>>;
  /** Background tasks, asked of the sandbox now. */
  listTasks(principal: Principal): Promise<Answer<SessionTasks>>;
  stopTask(principal: Principal, taskId: string): Promise<Answer<{ stopped: boolean; task: BackgroundTask }>>;
  readTaskOutput(principal: Principal, taskId: string): Promise<Answer<TaskOutput>>;
  /** The permission mode is cut to the ceiling before. */
  setOptions(principal: Principal, options: SessionOptions): Promise<Answer<SetOptionsAnswer>>;
  /** The newest completed turn, or the newest one that ended no later than that event. */
  forkSource(principal: Principal, atEvent: number | null): Promise<Answer<ForkSource>>;
  /** Makes this object a session that continues the source. Once: a repeat with the same source changes nothing. */
  beginFork(principal: Principal, sessionId: string, source: ForkSource): Promise<Answer<SessionView>>;
  /** One event; its whole body is at `body_key` in the bucket when it was shortened. */
  getEvent(principal: Principal, seq: number): Promise<Answer<{ event: SessionEvent; body_key: string | null }>>;
  /** For a browser: opens one watch, within a minute. */
  createWatchTicket(principal: Principal): Promise<Answer<WatchTicket>>;
  /** Uses the ticket up, and says whose it is. The watch itself is a fetch of the object (watching/watch-request.ts). */
  redeemWatchTicket(ticket: string): Promise<Answer<Principal>>;
  /** Asked before each model request; an admitted one is renewed while it runs, and finished by its id. */
  beginModelRequest(question: ModelRequestQuestion): Promise<Answer<{ request_id: string }>>;
  renewModelRequest(requestId: string): Promise<void>;
  /** `usage` is null when the provider did not answer, or did not say. */
  finishModelRequest(requestId: string, usage: AnswerUsage | null, timing: ModelTiming): Promise<void>;
  /** May the sandbox of that runtime use the session's MCP servers? Whose they are, and in which project. */
  /** Asked before an HTTP hook is sent: is that one of this session's, and the runtime the current one? */
  admitHook(question: ServerRequestQuestion, url: string): Promise<Answer<null>>;
  admitServerRequest(question: ServerRequestQuestion): Promise<Answer<{ owner_id: string; project_id: string }>>;
  /** The runner of `runtime_id` has something to say. */
  wake(runtimeId: string): Promise<void>;
  /** From the Workspace object: the lease is this turn's now. */
  leaseGranted(turnId: string): Promise<void>;
  /** From the Team object: the running slot that this turn waited for is its own now. */
  slotGranted(turnId: string): Promise<void>;
  /** From the Workspace object: does this session still want or hold the lease for that turn? */
  wantsLease(turnId: string): Promise<boolean>;
  /** From the Workspace object: another runtime took over, or none runs any more. The old one's tokens are void. */
  runtimeChanged(runtimeId: string | null): Promise<void>;
  /** From the Workspace object: a checkpoint was taken. An event, once for each checkpoint. */
  checkpointCreated(checkpoint: CheckpointRecord): Promise<void>;
  /** From the Workspace object: which version of the conversation goes with that turn; waits a little for one on its way. */
  markConversation(turnId: string): Promise<ConversationMark | null>;
  /** From the Workspace object, which holds the lease: the next turn continues from that mark. Idempotent by operation. */
  rewindConversation(request: {
    operation_id: string;
    checkpoint_id: string;
    mark: ConversationMark;
  }): Promise<Answer<null>>;
  /** What waits for a person, the oldest first. */
  listPermissions(principal: Principal): Promise<Answer<PermissionRequestView[]>>;
  /** One request, also one that was settled. */
  getPermission(principal: Principal, requestId: string): Promise<Answer<PermissionRequestView>>;
  /** Once: the first answer stands. Whoever calls has made sure that a person gave it. */
  answerPermission(principal: Principal, request: AnswerPermission): Promise<Answer<PermissionRequestView>>;
  /** From the Workspace object when the project is deleted. */
  projectDeleted(): Promise<void>;
}
