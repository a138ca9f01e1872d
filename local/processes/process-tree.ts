// Finds and ends everything that belongs to one process that Berth started: its group, its descendants, and what left both.
import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessRow, readEnvironmentOf, readProcessTable } from "./process-table.ts";

/** In the environment of every process of ours, and inherited, so that what detaches itself is found as well. */
export const TREE_VARIABLE = "BERTH_PROCESS_TREE";

export type ProcessTree = {
  pid: number;
  startMark: string;
  /** How an environment entry of the tree's processes begins; none for a process that stands for itself alone. */
  marks: readonly string[];
};

const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/** The pids of the tree that still run. A recycled pid is never among them. */
export function findTree(tree: ProcessTree): number[] {
  const carriesMark = (pid: number) =>
    tree.marks.length > 0 && readEnvironmentOf(pid).some((entry) => tree.marks.some((mark) => entry.startsWith(mark)));
  return selectTree(readProcessTable(), tree, carriesMark);
}

/** The pure part of findTree. */
export function selectTree(
  table: readonly ProcessRow[],
  tree: ProcessTree,
  carriesMark: (pid: number) => boolean,
): number[] {
  const leaderRuns = table.some((row) => row.pid === tree.pid && row.startMark === tree.startMark);
  const isRoot = (row: ProcessRow) =>
    (leaderRuns && (row.pid === tree.pid || (tree.marks.length > 0 && row.groupId === tree.pid))) ||
    carriesMark(row.pid);
  const chosen = new Set(table.filter(isRoot).map((row) => row.pid));
  if (tree.marks.length > 0) addDescendants(table, chosen);
  for (const pid of [process.pid, ...ancestorsOf(table, process.pid)]) chosen.delete(pid);
  return [...chosen];
}

function addDescendants(table: readonly ProcessRow[], chosen: Set<number>): void {
  for (let before = -1; before !== chosen.size;) {
    before = chosen.size;
    for (const row of table) if (chosen.has(row.parentPid)) chosen.add(row.pid);
  }
}

function ancestorsOf(table: readonly ProcessRow[], pid: number): number[] {
  const parents = new Map(table.map((row) => [row.pid, row.parentPid]));
  const found: number[] = [];
  for (let next = parents.get(pid); next !== undefined && next > 0 && !found.includes(next); next = parents.get(next)) {
    found.push(next);
  }
  return found;
}

/** A tree whose leader is not known: what carries one of the marks, and its descendants. */
export function markedTree(...marks: string[]): ProcessTree {
  return { pid: -1, startMark: "", marks };
}

/** Asks the leader to end, waits `graceMs`, then kills whatever is left of the tree. */
export async function endTree(tree: ProcessTree, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    // The leader alone is asked: it ends its own children in its own order.
    if (findTree(tree).includes(tree.pid)) send(tree.pid, "SIGTERM");
    if (await waitUntilGone(tree, graceMs)) return;
  }
  const deadline = Date.now() + KILL_TIMEOUT_MS;
  for (let left = findTree(tree); left.length > 0 && Date.now() < deadline; left = findTree(tree)) {
    for (const pid of left) send(pid, "SIGKILL");
    await sleep(POLL_MS);
  }
}

async function waitUntilGone(tree: ProcessTree, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (findTree(tree).includes(tree.pid)) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return findTree(tree).length === 0;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
