// Makes a checkpoint of a tree whose packs are stored: the manifest first, then the object's rows and what D1 is owed, at once.
import { CHECKPOINT_FORMAT, type ConversationMark, type Tree } from "../../shared/checkpoints/format.ts";
import type {
  ChangeCounts,
  CheckpointKind,
  CheckpointRecord,
  CheckpointTarget,
} from "../../shared/checkpoints/schema.ts";
import { timeOfUuidV7, uuidV7 } from "../../shared/ids.ts";
import type { Clock } from "../clock.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import type { ObjectStorage } from "../sql/migrate.ts";
import type { WorkspaceStore } from "../workspaces/workspace-store.ts";
import type { ManifestStore } from "./manifest-store.ts";
import type { TellingStore } from "./telling-store.ts";
import type { SpentTokens, TimelineStore } from "./timeline-store.ts";

/** Packs that one statement of the outbox names. */
const REFS_PER_ROW = 500;

/** What people see of it besides the files. */
export type About = {
  message: string;
  author_id: string | null;
  session_id: string | null;
  turn_id: string | null;
  event_seq: number | null;
  tags: readonly string[];
};

export type NewCheckpoint = {
  kind: CheckpointKind;
  tree: Tree;
  changes: ChangeCounts;
  stored_bytes: number;
  unstable_files: number;
  about: About;
  /** What it is the successor of, where that is not the timeline's newest. */
  parent_id?: string;
  conversations?: ConversationMark[];
  /** Turns whose work it holds; null while one is still at work. */
  savedTurns: number | null;
  spent: SpentTokens;
};

export type RecorderParts = {
  storage: ObjectStorage;
  workspace: WorkspaceStore;
  timeline: TimelineStore;
  manifests: ManifestStore;
  outbox: OutboxStore;
  tellings: TellingStore;
  clock: Clock;
};

export type CheckpointRecorder = { record(checkpoint: NewCheckpoint): Promise<CheckpointRecord> };

export function createCheckpointRecorder(parts: RecorderParts): CheckpointRecorder {
  return {
    async record(checkpoint) {
      const { timeline, manifests, clock } = parts;
      const replaced = findReplaced(timeline.head());
      const checkpoint_id = nextId(clock, timeline.head());
      const parent_id = checkpoint.parent_id ?? timeline.visibleId();
      const created_at = clock.nowIso();
      const manifest_sha256 = await manifests.write({
        format: CHECKPOINT_FORMAT,
        checkpoint_id,
        ...ownerOf(parts.workspace),
        parent_id,
        created_at,
        tree: checkpoint.tree,
        conversations: checkpoint.conversations ?? timeline.marks(),
      });
      const ids = { checkpoint_id, parent_id, manifest_sha256, created_at };
      const record = describe(checkpoint, ids, replaced);
      parts.storage.transactionSync(() => store(parts, { checkpoint, record, replaced }));
      return record;
    },
  };
}

export function ownerOf(store: WorkspaceStore): { team_id: string; project_id: string; workspace_id: string } {
  const row = store.get();
  if (row === null) throw new Error("the workspace has no identity yet");
  const { team_id, project_id, workspace_id } = row;
  return { team_id, project_id, workspace_id };
}

export function targetOf(store: WorkspaceStore, record: CheckpointRecord): CheckpointTarget {
  const { checkpoint_id, manifest_sha256 } = record;
  return { checkpoint_id, manifest_sha256, project_id: ownerOf(store).project_id };
}

function findReplaced(head: CheckpointRecord | null): CheckpointRecord | null {
  return head?.kind === "autosave" ? head : null;
}

/** Ids order the timeline, also for D1: one that is made after a clock went back is made larger. */
function nextId(clock: Clock, head: CheckpointRecord | null): string {
  const id = clock.newId();
  if (head === null || id > head.checkpoint_id) return id;
  return uuidV7(timeOfUuidV7(head.checkpoint_id) + 1, crypto.getRandomValues(new Uint8Array(16)));
}

const NOTHING = {
  model: null,
  input_tokens: 0,
  output_tokens: 0,
  stored_bytes: 0,
  changes: { added: 0, changed: 0, removed: 0 },
};

/** What an autosave had that this one takes the place of is this one's: both are counted from the same parent. */
function describe(
  checkpoint: NewCheckpoint,
  ids: Pick<CheckpointRecord, "checkpoint_id" | "parent_id" | "manifest_sha256" | "created_at">,
  replaced: CheckpointRecord | null,
): CheckpointRecord {
  const { tree, about, spent, changes } = checkpoint;
  const before = replaced ?? NOTHING;
  return {
    ...ids,
    kind: checkpoint.kind,
    message: about.message,
    author_id: about.author_id,
    session_id: about.session_id,
    turn_id: about.turn_id,
    event_seq: about.event_seq,
    model: spent.model ?? before.model,
    input_tokens: spent.input_tokens + before.input_tokens,
    output_tokens: spent.output_tokens + before.output_tokens,
    files: tree.files,
    bytes: tree.bytes,
    stored_bytes: checkpoint.stored_bytes + before.stored_bytes,
    changes: {
      added: changes.added + before.changes.added,
      changed: changes.changed + before.changes.changed,
      removed: changes.removed + before.changes.removed,
    },
    unstable_files: checkpoint.unstable_files,
    omitted: tree.omitted_count,
  };
}

type Stored = { checkpoint: NewCheckpoint; record: CheckpointRecord; replaced: CheckpointRecord | null };

function store(parts: RecorderParts, { checkpoint, record, replaced }: Stored): void {
  const { timeline, workspace, tellings } = parts;
  timeline.setHead(record);
  timeline.setBegun();
  timeline.clearSpent(checkpoint.spent);
  if (checkpoint.savedTurns !== null) timeline.noteSaved(checkpoint.savedTurns);
  if (record.files > 0) workspace.setHasFiles();
  if (record.session_id !== null && record.kind !== "autosave") tellings.add(record);
  oweRows(parts, { checkpoint, record, replaced });
}

/** Packs before the row that needs them, the row before the head that is it, and what is replaced last. */
function oweRows({ outbox, workspace }: RecorderParts, { checkpoint, record, replaced }: Stored): void {
  const { team_id, project_id, workspace_id } = ownerOf(workspace);
  const { checkpoint_id } = record;
  const { packs } = checkpoint.tree;
  for (let first = 0; first < packs.length; first += REFS_PER_ROW) {
    const some = JSON.stringify(packs.slice(first, first + REFS_PER_ROW));
    outbox.put("checkpoint_refs", `${checkpoint_id}:${first}`, { checkpoint_id, team_id, workspace_id, packs: some });
  }
  outbox.put("checkpoint", checkpoint_id, rowOf(record, { team_id, project_id, workspace_id }, checkpoint.about.tags));
  outbox.put("checkpoint_head", workspace_id, { workspace_id, checkpoint_id });
  if (replaced === null) return;
  const { checkpoint_id: gone, manifest_sha256 } = replaced;
  outbox.put("checkpoint_gone", gone, { checkpoint_id: gone, team_id, project_id, manifest_sha256 });
}

/** The columns of `checkpoints` in D1. */
function rowOf(record: CheckpointRecord, owner: ReturnType<typeof ownerOf>, tags: readonly string[]) {
  const { checkpoint_id, changes, ...rest } = record;
  return { id: checkpoint_id, ...owner, ...rest, ...changes, tags: JSON.stringify(tags) };
}
