// What the Worker and the Session object may ask of a Workspace object (Durable Object RPC).
// Session objects also dial the runner through its `fetch` (paths in protocol.ts, header `x-berth-runtime-id`).
import type { Answer } from "../errors/app-error.ts";
import type {
  ClaudeBinary,
  ClaudeRelease,
  FileContent,
  FileList,
  ListFiles,
  ReadFile,
} from "./runner-workspace-api.ts";

export type WorkspaceIdentity = {
  workspace_id: string;
  team_id: string;
  project_id: string;
  /** Cloned into the workspace when it is made, before the first turn. */
  git_url: string | null;
};

export type LeaseRequest = { identity: WorkspaceIdentity; session_id: string; turn_id: string };
/** `position` counts from 1; `held_by` is the session that has the lease now. */
export type LeaseAnswer = { granted: true } | { granted: false; position: number; held_by: string };

export type RuntimeInfo = {
  runtime_id: string;
  protocol_version: number;
  /** True when this runtime began with an empty disk although an earlier one had files. */
  files_lost: boolean;
};

/** `unreachable`: something runs but does not answer, so nothing is known about its turns. */
export type RuntimeLookup = { state: "running"; runtime_id: string } | { state: "unreachable" } | { state: "gone" };

export interface WorkspaceApi {
  /** Joins the queue, or finds its place again: idempotent by turn_id. */
  requestLease(request: LeaseRequest): Promise<LeaseAnswer>;
  releaseLease(turnId: string): Promise<void>;
  /** Starts the sandbox when none runs, and names the runtime. */
  ensureRuntime(identity: WorkspaceIdentity): Promise<Answer<RuntimeInfo>>;
  /** Looks the runtime up rather than remembering it. Never starts one. */
  findRuntime(): Promise<RuntimeLookup>;
  /** Stops the sandbox unless this runtime answers again. True when it runs no more, or was replaced already. */
  fenceRuntime(runtimeId: string): Promise<boolean>;
  listFiles(identity: WorkspaceIdentity, request: ListFiles): Promise<Answer<FileList>>;
  readFile(identity: WorkspaceIdentity, request: ReadFile): Promise<Answer<FileContent>>;
  findClaudeBinary(identity: WorkspaceIdentity): Promise<Answer<ClaudeBinary>>;
  findNewestClaude(identity: WorkspaceIdentity): Promise<Answer<ClaudeRelease>>;
  /** From POST /runner/wake. False when runtime or boot token are not this workspace's. */
  wake(request: { runtime_id: string; session_id: string; boot_token: string }): Promise<boolean>;
  /** Stops the sandbox and forgets the workspace. Refused while a session holds or waits for the lease. */
  destroy(): Promise<Answer<null>>;
}
