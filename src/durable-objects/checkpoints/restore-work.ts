// Restores: a backup, the files, the timeline, then the conversations. An attempt that was cut off goes on where it was.
import type { ConversationMark, Manifest, Tree } from "../../shared/checkpoints/format.ts";
import type {
  CheckpointRecord,
  OperationRequest,
  OperationResult,
  RestorePlan,
} from "../../shared/checkpoints/schema.ts";
import { withDeadline } from "../deadline.ts";
import { ownerOf, type About } from "./checkpoint-recorder.ts";
import type { OperationRow } from "./operation-store.ts";
import { ensure, NO_ONE, type WorkParts } from "./work-parts.ts";

const CONVERSATION_DEADLINE_MS = 60_000;

type Restore = Extract<OperationRequest, { kind: "restore" }>;

export async function restore(parts: WorkParts, operation: OperationRow, request: Restore): Promise<OperationResult> {
  const { team_id } = ownerOf(parts.workspace);
  const target = await parts.manifests.read(team_id, request.checkpoint);
  const { restored, plan } = operation.state;
  if (restored !== undefined && plan !== undefined)
    return finishRestore(parts, operation, { request, target, restored, plan });
  // What is overwritten whole need not be filled first.
  const runtime_id = await ensure(parts, operation, request.dry_run || request.paths !== null ? "filled" : "bare");
  const run = { operation_id: operation.operation_id, runtime_id };
  const outcome = await parts.engine.exclusively(async () => {
    if (!request.dry_run) await backUp(parts, operation, { request, runtime_id });
    const { tree } = target;
    const done = await parts.restorer.restore({ ...run, tree, paths: request.paths, dry_run: request.dry_run });
    if (request.dry_run) return { plan: done.plan, record: null };
    const record = await recordRestored(parts, operation, { request, target, plan: done.plan, runtime_id });
    return { plan: done.plan, record };
  });
  const { plan: carriedOut, record } = outcome;
  if (record === null) return restoreResult(operation, { plan: carriedOut, checkpoint: null, conversations: [] });
  return finishRestore(parts, operation, { request, target, restored: record, plan: carriedOut });
}

function restoreResult(
  { state }: OperationRow,
  done: { plan: RestorePlan; checkpoint: CheckpointRecord | null; conversations: string[] },
): OperationResult {
  return { kind: "restore", ...done, applied: done.checkpoint !== null, backup: state.backup ?? null };
}

/** Once: after an attempt that was cut off the files are no longer what a backup should hold. */
async function backUp(
  parts: WorkParts,
  operation: OperationRow,
  { request, runtime_id }: { request: Restore; runtime_id: string },
): Promise<void> {
  const { state, operation_id } = operation;
  if (state.backup !== undefined) return;
  state.backup = request.create_backup ? await takeBackup(parts, operation, { request, runtime_id }) : null;
  parts.operations.remember(operation_id, state);
}

/** What the head holds already, or what a fresh disk would be filled with, needs no other one. */
async function takeBackup(
  { workspace, timeline, taker }: WorkParts,
  { operation_id }: OperationRow,
  { request, runtime_id }: { request: Restore; runtime_id: string },
): Promise<CheckpointRecord | null> {
  if (workspace.get()?.prepared !== true) return timeline.head();
  const message = `before restoring ${request.checkpoint.checkpoint_id}`;
  const taken = await taker.take({
    operation_id,
    runtime_id,
    about: { ...NO_ONE, message, author_id: request.author_id },
    kindOf: ({ unchanged }) => (unchanged && timeline.head()?.kind !== "autosave" ? null : "backup"),
  });
  return taken.outcome === "empty" ? null : taken.record;
}

type Restored = { request: Restore; target: Manifest; plan: RestorePlan; runtime_id: string };

async function recordRestored(
  parts: WorkParts,
  operation: OperationRow,
  restored: Restored,
): Promise<CheckpointRecord> {
  const { request, target, plan, runtime_id } = restored;
  const { operations, timeline, workspace } = parts;
  const { checkpoint_id } = request.checkpoint;
  const about = { ...NO_ONE, author_id: request.author_id, message: `restored ${checkpoint_id}` };
  const { operation_id, state } = operation;
  let record: CheckpointRecord;
  if (request.paths === null) {
    record = await recordTree(parts, {
      tree: target.tree,
      about,
      plan,
      marks: request.include_conversation ? target.conversations : [],
    });
    workspace.setPrepared(true);
  } else {
    const taken = await parts.taker.take({ operation_id, runtime_id, about, kindOf: () => "restore" });
    if (taken.outcome === "empty") throw new Error("a restored workspace is empty");
    record = taken.record;
  }
  state.restored = record;
  state.plan = plan;
  operations.remember(operation_id, state);
  timeline.noteSaved(timeline.endedTurns());
  return record;
}

async function recordTree(
  { recorder, timeline, clock }: WorkParts,
  { tree, about, plan, marks }: { tree: Tree; about: About; plan: RestorePlan; marks: readonly ConversationMark[] },
): Promise<CheckpointRecord> {
  for (const mark of marks) timeline.mark(mark, clock.nowMs());
  return recorder.record({
    kind: "restore",
    tree,
    changes: { added: plan.write, changed: plan.change + plan.touch, removed: plan.delete },
    stored_bytes: 0,
    unstable_files: 0,
    about,
    savedTurns: timeline.endedTurns(),
    spent: timeline.spent(),
  });
}

type Finish = { request: Restore; target: Manifest; restored: CheckpointRecord; plan: RestorePlan };

async function finishRestore(parts: WorkParts, operation: OperationRow, finish: Finish): Promise<OperationResult> {
  const { request, target, restored, plan } = finish;
  const conversations: string[] = [];
  for (const mark of request.include_conversation ? target.conversations : []) {
    const { operation_id } = operation;
    const { checkpoint_id } = request.checkpoint;
    const { session_id } = mark;
    const rewinding = parts.session(session_id).rewindConversation({ operation_id, checkpoint_id, mark });
    const rewound = await withDeadline(rewinding, CONVERSATION_DEADLINE_MS);
    if (rewound.ok) conversations.push(session_id);
    else if (rewound.error.code === "session_busy" || rewound.error.code === "sandbox_unavailable")
      throw new Error("a conversation could not go back yet");
    // One that was ended or deleted since has nothing that could go on.
    else parts.logger.info("conversation_not_rewound", { session_id, code: rewound.error.code });
  }
  return restoreResult(operation, { plan, checkpoint: restored, conversations });
}
