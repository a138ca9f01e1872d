// What carrying out an operation takes: the collaborators, and the sandbox that it needs first.
import type { Answer } from "../../shared/errors/app-error.ts";
import { unwrap } from "../../shared/errors/app-error.ts";
import { CHECKPOINTS_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { RuntimeKeeper } from "../workspaces/runtime-keeper.ts";
import type { About, CheckpointRecorder, RecorderParts } from "./checkpoint-recorder.ts";
import type { CheckpointTaker } from "./checkpoint-taker.ts";
import type { Engine } from "./engine.ts";
import type { OperationRow, OperationStore } from "./operation-store.ts";
import type { TreeRestorer } from "./tree-restorer.ts";
import { TOO_OLD } from "./wake-up.ts";

export type WorkParts = RecorderParts & {
  recorder: CheckpointRecorder;
  taker: CheckpointTaker;
  restorer: TreeRestorer;
  engine: Engine;
  operations: OperationStore;
  keeper: Pick<RuntimeKeeper, "find" | "ensure" | "boot">;
  session(sessionId: string): Pick<SessionApi, "markConversation" | "rewindConversation">;
  logger: ObjectLogger;
};

/** The lease may go on: nothing of the files is needed any more. */
export type LetGo = () => void;

export const NO_ONE: About = {
  message: "",
  author_id: null,
  session_id: null,
  turn_id: null,
  event_seq: null,
  tags: [],
};

function identityOf({ workspace }: WorkParts): WorkspaceIdentity {
  const row = workspace.get();
  if (row === null) throw new Error("the workspace has no identity yet");
  const { workspace_id, team_id, project_id, git_url } = row;
  return { workspace_id, team_id, project_id, git_url };
}

/** `filled`: with the head in it. `bare`: whatever it holds. */
type Readiness = "filled" | "bare";

/**
 * The runtime that does the work. A first attempt takes the one that is known, without asking whether it still runs:
 * no other one answers in its place, and what cannot be reached is looked for by the next attempt.
 */
export async function ensure(
  parts: WorkParts,
  { attempts }: Pick<OperationRow, "attempts">,
  how: Readiness = "filled",
): Promise<string> {
  const { workspace } = parts;
  const known = workspace.runtime();
  const isReady = how === "bare" || workspace.get()?.prepared === true;
  if (attempts === 0 && isReady && known?.runtime_id != null && canCheckpoint(known)) return known.runtime_id;
  return findOrStart(parts, how);
}

const canCheckpoint = ({ protocol_version }: { protocol_version: number | null }): boolean =>
  (protocol_version ?? 0) >= CHECKPOINTS_PROTOCOL_VERSION;

async function findOrStart(parts: WorkParts, how: Readiness): Promise<string> {
  const identity = identityOf(parts);
  const runtime: Answer<{ runtime_id: string; protocol_version: number }> =
    how === "filled" ? await parts.keeper.ensure(identity) : await parts.keeper.boot(identity);
  const started = unwrap(runtime);
  if (!canCheckpoint(started)) unwrap(TOO_OLD);
  return started.runtime_id;
}
