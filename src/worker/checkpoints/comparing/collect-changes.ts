// Gathers what differs between two trees: exact counts, and up to a limit the paths themselves with what was moved.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import { type ChangeStatus, judgeEntries } from "../../../shared/checkpoints/entry-change-policy.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { isWithin, readShownPath, showPath } from "../../../shared/checkpoints/path-bytes.ts";
import { findMoves, type FolderMove } from "../../../shared/checkpoints/rename-policy.ts";
import type { TreeReader } from "../reading/tree-reader.ts";
import { sha256Hex } from "../reading/sha256.ts";
import { type EntryPair, mergeTrees } from "./merge-trees.ts";

/** Paths that are held at most; what is above them is counted alone. */
export const MAX_CHANGES = 20_000;

export type Change = {
  status: ChangeStatus | "renamed";
  type: Entry["type"];
  path: string;
  /** Where it was before, when it was moved. */
  from_path: string | null;
  before: Side | null;
  after: Side | null;
};
type Side = { bytes: number; mode: string };

export type ChangeCount = Record<ChangeStatus | "renamed", number> & { bytes_before: number; bytes_after: number };
export type Changes = { count: ChangeCount; changes: Change[]; folders: FolderMove[]; complete: boolean };

type Gathered = { change: Change; content: string | null };

const NOTHING = { added: 0, removed: 0, changed: 0, mode_changed: 0, renamed: 0 };

export async function collectChanges(
  from: TreeReader | null,
  to: TreeReader | null,
  paths: readonly string[] | null,
): Promise<Changes> {
  const isWanted = filterPaths(paths);
  const count = { ...NOTHING, bytes_before: from?.tree.bytes ?? 0, bytes_after: to?.tree.bytes ?? 0 };
  const gathered: Gathered[] = [];
  for await (const pair of mergeTrees(from, to)) {
    const path = pair.after?.path ?? pair.before?.path ?? new Uint8Array();
    const status = judgeEntries(pair.before, pair.after);
    if (status === null || !isWanted(path)) continue;
    count[status]++;
    if (gathered.length < MAX_CHANGES) gathered.push(await gather(status, showPath(path), pair));
  }
  const total = count.added + count.removed + count.changed + count.mode_changed;
  return { ...foldMoves(gathered, count), complete: total === gathered.length };
}

function filterPaths(paths: readonly string[] | null): (path: Uint8Array) => boolean {
  if (paths === null) return () => true;
  const folders = paths.map(readShownPath);
  return (path) => folders.some((folder) => isWithin(path, folder));
}

async function gather(status: ChangeStatus, path: string, { before, after }: EntryPair): Promise<Gathered> {
  const type = (after ?? before)?.type ?? "file";
  const change: Change = { status, type, path, from_path: null, before: sideOf(before), after: sideOf(after) };
  const isHalfOfMove = status === "added" || status === "removed";
  return { change, content: isHalfOfMove ? await contentKey(after ?? before) : null };
}

const sideOf = (entry: Entry | null): Side | null =>
  entry === null
    ? null
    : { bytes: entry.type === "file" ? entry.size : 0, mode: entry.mode.toString(8).padStart(4, "0") };

/** The same for the same content; null for what is too common to be taken for a move. */
async function contentKey(entry: Entry | null): Promise<string | null> {
  if (entry?.type !== "file" || entry.size === 0) return null;
  if (entry.blobs.length === 1) return toHex(entry.blobs[0]?.sha256 ?? new Uint8Array());
  const hashes = new Uint8Array(entry.blobs.length * 32);
  entry.blobs.forEach((blob, index) => hashes.set(blob.sha256, index * 32));
  return sha256Hex(hashes);
}

/** A removed and an added path become one line that says where it went. */
function foldMoves(gathered: readonly Gathered[], count: ChangeCount): Omit<Changes, "complete"> {
  const moveable = (status: ChangeStatus) =>
    gathered
      .filter(({ change }) => change.status === status)
      .map(({ change, content }) => ({ path: change.path, type: change.type, content }));
  const { files, folders } = findMoves(moveable("removed"), moveable("added"));
  const sources = new Map(files.map(({ from, to }) => [to, from]));
  const gone = new Set(files.map(({ from }) => from));
  const removed = new Map(gathered.map(({ change }) => [`${change.status} ${change.path}`, change]));
  const changes = gathered.flatMap(({ change }): Change[] => {
    if (change.status === "removed" && gone.has(change.path)) return [];
    const from = change.status === "added" ? sources.get(change.path) : undefined;
    if (from === undefined) return [change];
    const before = removed.get(`removed ${from}`)?.before ?? null;
    return [{ ...change, status: "renamed", from_path: from, before }];
  });
  const moved = files.length;
  const folded = { ...count, added: count.added - moved, removed: count.removed - moved, renamed: moved };
  return { count: folded, changes, folders };
}
