// What each kind of operation does with a runtime. Every step finds out for itself what an earlier attempt has done.
import { exportKey } from "../../shared/checkpoints/checkpoint-keys.ts";
import type { CheckpointRecord, OperationRequest, OperationResult } from "../../shared/checkpoints/schema.ts";
import { decideTurnKind } from "../../shared/checkpoints/strategy-policy.ts";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import type { MakeBundle } from "../../shared/rpc/runner-checkpoint-api.ts";
import type { TurnEnding } from "../../shared/rpc/workspace-api.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import { ownerOf, type About } from "./checkpoint-recorder.ts";
import type { OperationRow, OwnRequest } from "./operation-store.ts";
import { restore } from "./restore-work.ts";
import { ensure, type LetGo, NO_ONE, type WorkParts } from "./work-parts.ts";

export function createOperationWork(parts: WorkParts) {
  return {
    /** Null for what the object does by itself. Throws what an attempt fails with. */
    async perform(operation: OperationRow, letGo: LetGo): Promise<OperationResult | null> {
      const { request } = operation;
      switch (request.kind) {
        case "create":
          return create(parts, operation, { request, letGo });
        case "turn":
          await takeAfterTurn(parts, operation, { request, letGo });
          return null;
        case "sleep":
          await takeBeforeSleep(parts, operation, letGo);
          return null;
        case "restore":
          return restore(parts, operation, request);
        case "bundle":
          return bundle(parts, operation, { request, letGo });
      }
    },
  };
}

/** The runtime that holds the workspace's files; null when none does, so that there is nothing that the head has not. */
async function findFilled({ keeper, workspace }: WorkParts): Promise<string | null> {
  const found = await keeper.find();
  if (found.state === "unreachable") throw new Error("the sandbox does not answer");
  return found.state === "running" && workspace.get()?.prepared === true ? found.runtime_id : null;
}

type Create = Extract<OperationRequest, { kind: "create" }>;

async function create(
  parts: WorkParts,
  operation: OperationRow,
  { request, letGo }: { request: Create; letGo: LetGo },
): Promise<OperationResult> {
  const { timeline, workspace, engine } = parts;
  const about: About = { ...NO_ONE, message: request.message, author_id: request.author_id, tags: request.tags };
  // One that was put to sleep has no runtime any more. One that went by itself may have left files behind.
  const isAsleep = workspace.runtime() === null;
  if (isAsleep && timeline.head() !== null) {
    const checkpoint = await engine.exclusively(() => recordHeadAgain(parts, about));
    return { kind: "create", checkpoint, unchanged: true };
  }
  const row = workspace.get();
  if (isAsleep && row?.has_files !== true && row?.git_url === null) throw nothingToKeep();
  const runtime_id = await ensure(parts, operation);
  const { operation_id } = operation;
  const taken = await engine.exclusively(() =>
    parts.taker.take({ operation_id, runtime_id, about, kindOf: () => "manual", captured: letGo }),
  );
  if (taken.outcome === "empty") throw nothingToKeep();
  return {
    kind: "create",
    checkpoint: taken.record,
    unchanged: taken.outcome === "unchanged" || taken.unchanged,
  };
}

function nothingToKeep(): AppError {
  return new AppError("invalid_argument", "The project holds no files yet, so there is nothing to keep.");
}

/** While no sandbox runs nothing can change: what a person asks for is what the head says. */
async function recordHeadAgain(parts: WorkParts, about: About): Promise<CheckpointRecord> {
  const { timeline, manifests, workspace } = parts;
  const head = timeline.head();
  if (head === null) throw new Error("there is no head");
  const { team_id, project_id } = ownerOf(workspace);
  const { tree } = await manifests.read(team_id, { ...head, project_id });
  return parts.recorder.record({
    kind: "manual",
    tree,
    changes: { added: 0, changed: 0, removed: 0 },
    stored_bytes: 0,
    unstable_files: head.unstable_files,
    about,
    savedTurns: null,
    spent: timeline.spent(),
  });
}

async function takeAfterTurn(
  parts: WorkParts,
  { operation_id }: OperationRow,
  { request, letGo }: { request: Extract<OwnRequest, { kind: "turn" }>; letGo: LetGo },
): Promise<void> {
  const { engine, timeline, workspace } = parts;
  const { ending, runtime_id } = request;
  if ((await findFilled(parts)) !== runtime_id) {
    // The sandbox went with what the turn had made: whoever gets the next one is told.
    workspace.setHasFiles();
    return;
  }
  const { message, author_id, session_id, turn_id, event_seq } = ending;
  await engine.exclusively(() =>
    parts.taker.take({
      operation_id,
      runtime_id,
      about: { message, author_id, session_id, turn_id, event_seq, tags: [] },
      captured: letGo,
      beforeManifest: () => noteConversation(parts, ending),
      kindOf(taken) {
        const kind = decideTurnKind(timeline.strategy(), { changes: taken.changes, readBytes: taken.bytes_read });
        return kind === "autosave" && taken.unchanged ? null : kind;
      },
    }),
  );
}

/** A conversation that cannot be asked now goes into the manifest as it was known before. */
async function noteConversation(parts: WorkParts, { session_id, turn_id }: TurnEnding): Promise<void> {
  try {
    const mark = await withDeadline(parts.session(session_id).markConversation(turn_id), CALL_DEADLINE_MS);
    if (mark !== null) parts.timeline.mark(mark, parts.clock.nowMs());
  } catch (error) {
    parts.logger.error("conversation_not_marked", error, { session_id, turn_id });
  }
}

async function takeBeforeSleep(parts: WorkParts, { operation_id }: OperationRow, letGo: LetGo): Promise<void> {
  const runtime_id = await findFilled(parts);
  if (runtime_id === null) return;
  const kindOf = (taken: { unchanged: boolean }) => (taken.unchanged ? null : ("autosave" as const));
  const about = { ...NO_ONE, message: "before the sandbox slept" };
  await parts.engine.exclusively(() => parts.taker.take({ operation_id, runtime_id, about, kindOf, captured: letGo }));
}

type Bundle = Extract<OperationRequest, { kind: "bundle" }>;

async function bundle(
  parts: WorkParts,
  operation: OperationRow,
  { request, letGo }: { request: Bundle; letGo: LetGo },
): Promise<OperationResult> {
  const { operation_id } = operation;
  const { team_id, project_id } = ownerOf(parts.workspace);
  const commits: MakeBundle["commits"] = [];
  for (const commit of request.checkpoints) {
    const { tree } = await parts.manifests.read(team_id, commit);
    const { message, author, created_at } = commit;
    commits.push({ tree, message, author, created_at });
  }
  const runtime_id = await ensure(parts, operation, "bare");
  // It reads what is stored and none of the files.
  letGo();
  const { branch, export_id } = request;
  const reads = [...new Set(commits.flatMap(({ tree }) => tree.packs))];
  const { bytes } = await parts.engine.run(
    { operation_id, runtime_id, writes: true, reads },
    async (runner, host, tokens) =>
      unwrap(await runner.makeBundle({ operation_id, branch, export_id, commits, tokens }, host)),
  );
  return { kind: "bundle", key: exportKey(team_id, project_id, export_id), bytes, commits: commits.length };
}
