// What the Worker and the Session object may ask of a Workspace object (Durable Object RPC).
// Session objects also dial the runner through its `fetch` (paths in protocol.ts, header `x-berth-runtime-id`).
import type {
  CheckpointRecord,
  CheckpointStrategy,
  CheckpointTarget,
  OperationView,
  StartOperation,
} from "../checkpoints/schema.ts";
import type { ToolStrategy } from "../checkpoints/strategy-policy.ts";
import type { StdioTest } from "../mcp-servers/server-test.ts";
import type { Answer } from "../errors/app-error.ts";
import type { HookTrial } from "../hooks/sample-event.ts";
import type {
  ClaudeBinary,
  ClaudeRelease,
  FileContent,
  FileList,
  HookTrialResult,
  ListFiles,
  ReadFile,
  TestServer,
} from "./runner-workspace-api.ts";

export type WorkspaceIdentity = {
  workspace_id: string;
  team_id: string;
  project_id: string;
  /** Cloned into the workspace when it is made, before the first turn. */
  git_url: string | null;
};

export type LeaseRequest = { identity: WorkspaceIdentity; session_id: string; turn_id: string };
/**
 * `position` counts from 1; `held_by` is the session that has the lease now, empty where an `operation` has it.
 * `tool_checkpoints`: the turn asks `beforeTool` before tool calls that this strategy is about.
 */
export type LeaseAnswer =
  | { granted: true; tool_checkpoints?: ToolStrategy }
  | { granted: false; position: number; held_by: string; operation?: "checkpoint" | "restore" | "export" };

export type RuntimeInfo = {
  runtime_id: string;
  protocol_version: number;
  /** True when this runtime began with an empty disk although an earlier one had files, and nothing of them was kept. */
  files_lost: boolean;
  /** The checkpoint that this runtime's empty disk was filled from; null when it was not. */
  restored: { checkpoint_id: string; created_at: string; changed_since: boolean } | null;
};

/** What a checkpoint after a turn is told about it. Null where there is none to be taken. */
export type TurnEnding = {
  session_id: string;
  turn_id: string;
  author_id: string;
  /** The turn's last event. */
  event_seq: number;
  /** The prompt's beginning, as the checkpoint's message. */
  message: string;
  model: string | null;
  usage: { input_tokens: number; output_tokens: number } | null;
};

/** What happens before a tool call, asked of the workspace while the turn holds the lease. */
export type ToolCheckpoint = { turn_id: string; session_id: string; tool_name: string; tool_input: unknown };

export type WorkspaceState = {
  /** Newest of the timeline, autosaves included. */
  head: CheckpointRecord | null;
  strategy: CheckpointStrategy;
  /** An operation or a turn holds the lease or waits for it. */
  busy: boolean;
  /** Rows for D1, or an operation, are under way: nothing of this project may be swept. */
  owing: boolean;
};

/** Asked by the edge for each use of a `packs:*` token. */
export type PackQuestion = {
  team_id: string;
  runtime_id: string;
  operation_id: string;
  /** Null for a write: what a sandbox stores is named by its content. */
  read_pack: string | null;
};

/** `unreachable`: something runs but does not answer, so nothing is known about its turns. */
export type RuntimeLookup = { state: "running"; runtime_id: string } | { state: "unreachable" } | { state: "gone" };

export interface WorkspaceApi {
  /** Joins the queue, or finds its place again: idempotent by turn_id. */
  requestLease(request: LeaseRequest): Promise<LeaseAnswer>;
  /** `ending`: the turn's own checkpoint is taken before the lease goes on to the next. Answers at once. */
  releaseLease(turnId: string, ending?: TurnEnding | null): Promise<void>;
  /** Takes a checkpoint first when the strategy wants one before this tool call; back once every file was read. */
  beforeTool(request: ToolCheckpoint): Promise<void>;
  /** Makes the workspace of a new branch: it begins from that checkpoint. Idempotent. */
  begin(
    identity: WorkspaceIdentity,
    base: CheckpointTarget | null,
    strategy: CheckpointStrategy,
  ): Promise<Answer<WorkspaceState>>;
  setStrategy(identity: WorkspaceIdentity, strategy: CheckpointStrategy): Promise<void>;
  describe(): Promise<WorkspaceState>;
  /** Queues it, or finds it again by its id. */
  /** Comes back when it has ended, at the latest after `waitMs`. */
  startOperation(identity: WorkspaceIdentity, start: StartOperation, waitMs: number): Promise<Answer<OperationView>>;
  /** Comes back when it has ended, or when time is up. */
  waitForOperation(operationId: string, waitMs: number): Promise<Answer<OperationView>>;
  /** Is that runtime the current one, that operation under way, and that pack one that its checkpoints name? */
  mayUsePacks(question: PackQuestion): Promise<boolean>;
  /** Starts the sandbox when none runs, and names the runtime. */
  ensureRuntime(identity: WorkspaceIdentity): Promise<Answer<RuntimeInfo>>;
  /** Looks the runtime up rather than remembering it. Never starts one. */
  findRuntime(): Promise<RuntimeLookup>;
  /** Stops the sandbox unless this runtime answers again. True when it runs no more, or was replaced already. */
  fenceRuntime(runtimeId: string): Promise<boolean>;
  listFiles(identity: WorkspaceIdentity, request: ListFiles): Promise<Answer<FileList>>;
  readFile(identity: WorkspaceIdentity, request: ReadFile): Promise<Answer<FileContent>>;
  /** Starts the program in the sandbox, and asks it for its MCP tools. */
  testServer(identity: WorkspaceIdentity, server: TestServer): Promise<Answer<StdioTest>>;
  tryHook(identity: WorkspaceIdentity, trial: HookTrial): Promise<Answer<HookTrialResult>>;
  findClaudeBinary(identity: WorkspaceIdentity): Promise<Answer<ClaudeBinary>>;
  findNewestClaude(identity: WorkspaceIdentity): Promise<Answer<ClaudeRelease>>;
  /** From POST /runner/wake. False when runtime or boot token are not this workspace's. */
  wake(request: { runtime_id: string; session_id: string; boot_token: string }): Promise<boolean>;
  /** Stops the sandbox and forgets the workspace. Refused while a session holds or waits for the lease. */
  destroy(): Promise<Answer<null>>;
}
