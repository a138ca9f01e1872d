// Compares two checkpoints, or one with its branch's workspace, straight from storage.
import type { CheckpointRecord, CheckpointTarget } from "../../../shared/checkpoints/schema.ts";
import { readShownPath } from "../../../shared/checkpoints/path-bytes.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import { type CheckpointAccess, type CheckpointWorkspace, type Place, targetOf } from "../checkpoint-access.ts";
import type { CheckpointRow, CheckpointStore } from "../checkpoint-store.ts";
import type { OperationRunner, Waiting } from "../operation-runner.ts";
import type { TreeReader } from "../reading/tree-reader.ts";
import { type Change, type Changes, collectChanges } from "./collect-changes.ts";
import { diffFile, type FileSide } from "./unified-diff.ts";

export type CompareRequest = {
  from: string;
  /** Null for the workspace of `from`'s branch, or of `branch`. */
  to: string | null;
  branch: string | null;
  paths: string[] | null;
  with_diffs: boolean;
  offset: number;
  limit: number;
};
export type ComparedChange = Change & { diff?: string; note?: string };
export type Comparison = {
  /** What was compared: for a workspace the checkpoint that shows its state. */
  to: string;
  /** False with a reason when it is not the workspace's state of now. */
  is_current: boolean;
  reason: string | null;
  changes: Omit<Changes, "changes">;
  page: ComparedChange[];
  next_offset: number | null;
};

export type ComparingService = {
  compare(principal: Principal, request: CompareRequest, waiting: Waiting): Promise<Comparison>;
  /** The first of what a checkpoint that was just taken changed. */
  sinceParent(principal: Principal, place: Place, checkpoint: CheckpointRecord): Promise<Change[]>;
};

export type ComparingOptions = {
  access: CheckpointAccess;
  store: CheckpointStore;
  operations: OperationRunner;
  workspace: (workspaceId: string) => CheckpointWorkspace;
};

/** Characters of one page, diffs included: the answer carries it twice. */
const MAX_PAGE_CHARACTERS = 40_000;
const CHANGES_OF_A_NEW_ONE = 100;

type Other = { target: CheckpointTarget; is_current: boolean; reason: string | null };

export function createComparingService(options: ComparingOptions): ComparingService {
  const { access, store } = options;
  return {
    async compare(principal, request, waiting) {
      const from = await access.find(principal, request.from);
      const other = await findOther(options, principal, { request, from }, waiting);
      const [left, right] = [
        await access.open(principal, targetOf(from), true),
        await access.open(principal, other.target, true),
      ];
      const { changes, ...rest } = await collectChanges(left, right, request.paths);
      const { page, next_offset } = await makePage({ left, right }, changes, request);
      const { is_current, reason } = other;
      return { to: other.target.checkpoint_id, is_current, reason, changes: rest, page, next_offset };
    },
    async sinceParent(principal, place, checkpoint) {
      const parent = checkpoint.parent_id === null ? null : await store.find(principal, checkpoint.parent_id);
      if (checkpoint.parent_id !== null && parent === null) return [];
      const target = { ...checkpoint, project_id: place.project_id };
      const after = await access.open(principal, targetOf(target), true);
      const before = parent === null ? null : await access.open(principal, targetOf(parent), true);
      return (await collectChanges(before, after, null)).changes.slice(0, CHANGES_OF_A_NEW_ONE);
    },
  };
}

async function findOther(
  options: ComparingOptions,
  principal: Principal,
  { request, from }: { request: CompareRequest; from: CheckpointRow },
  waiting: Waiting,
): Promise<Other> {
  if (request.to !== null) {
    const target = targetOf(await options.access.find(principal, request.to));
    return { target, is_current: true, reason: null };
  }
  const place = await options.access.place(principal, {
    project: from.project,
    branch: request.branch ?? from.branch,
  });
  const state = await options.workspace(place.workspace_id).describe();
  if (!state.busy) return keepState(options, principal, { place, from }, waiting);
  if (state.head === null) {
    throw new AppError("workspace_busy", "The workspace is busy and has no checkpoint yet. Try again in a moment.");
  }
  const target = targetOf({ ...state.head, project_id: place.project_id });
  const reason = "A turn or an operation is under way: compared with the newest checkpoint before it.";
  return { target, is_current: false, reason };
}

/** What the workspace is now, as a checkpoint: the same one as before when nothing changed. */
async function keepState(
  { operations }: ComparingOptions,
  principal: Principal,
  { place, from }: { place: Place; from: CheckpointRow },
  waiting: Waiting,
): Promise<Other> {
  const operation_id = await operations.idFor(principal, "compare", null);
  const message = `state compared with ${from.checkpoint_id}`;
  const request = { kind: "create" as const, message, tags: [], author_id: principal.user_id };
  const view = await operations.run(principal, place, { request, operation_id, if_busy: "queue" }, waiting);
  if (view.result?.kind !== "create") {
    throw new AppError("workspace_busy", "The workspace's state is still being read. Compare again in a moment.");
  }
  const target = targetOf({ ...view.result.checkpoint, project_id: place.project_id });
  return { target, is_current: true, reason: null };
}

type Sides = { left: TreeReader; right: TreeReader };

async function makePage(
  sides: Sides,
  changes: readonly Change[],
  { offset, limit, with_diffs }: CompareRequest,
): Promise<{ page: ComparedChange[]; next_offset: number | null }> {
  const page: ComparedChange[] = [];
  let characters = 0;
  for (let index = offset; index < changes.length; index++) {
    const change = changes[index];
    if (change === undefined || page.length >= limit) return { page, next_offset: index };
    const shown = with_diffs ? await withDiff(sides, change) : change;
    characters += JSON.stringify(shown).length;
    if (characters > MAX_PAGE_CHARACTERS && page.length > 0) return { page, next_offset: index };
    page.push(shown);
  }
  return { page, next_offset: null };
}

async function withDiff({ left, right }: Sides, change: Change): Promise<ComparedChange> {
  if (change.type !== "file" || change.status === "mode_changed" || change.status === "renamed") return change;
  const before = change.before === null ? null : await sideOf(left, change.path);
  const after = change.after === null ? null : await sideOf(right, change.path);
  const { diff, note } = await diffFile(before, after);
  return { ...change, ...(diff !== null && { diff }), ...(note !== null && { note }) };
}

/** What is no file on one side, such as a folder that became one, is nothing there. */
async function sideOf(reader: TreeReader, path: string): Promise<FileSide> {
  const entry = await reader.find(readShownPath(path));
  return entry?.type === "file" ? { reader, entry } : null;
}
