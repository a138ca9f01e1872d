// The end of a restore: folders get their modes and times, and what was just written is remembered as read.
import { type BigIntStats, chmodSync, lstatSync, utimesSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Entry, Tree } from "../../../shared/checkpoints/format.ts";
import type { JobContext } from "../job-context.ts";
import {
  clockNs,
  createStatCacheWriter,
  identityOf,
  isQuiet,
  QUIET_NS,
  type StatCacheWriter,
  statCachePath,
  treeIdOf,
} from "../stat-cache.ts";
import { secondsOf } from "./apply.ts";
import { parentOf } from "./entry-order.ts";
import type { Expected, ExpectedFile } from "./expected.ts";
import type { StepList } from "./step.ts";

/** Of a workspace that is no checkpoint's tree. */
const NO_TREE = "0".repeat(64);
const PERMISSIONS = 0o7777n;
const QUIET_US = Number(QUIET_NS / 1000n);

type Folder = { absolute: Buffer; entry: Entry };
type Finish = {
  context: JobContext;
  expected: ExpectedFile;
  steps: StepList;
  /** Null when the workspace is not all of one. */
  tree: Tree | null;
  /** When the plan began to look at the workspace. */
  plannedNs: bigint;
};

export async function finishRestore({ context, expected, steps, tree, plannedNs }: Finish): Promise<void> {
  const writer = createStatCacheWriter(statCachePath(context.stateDir), null);
  const root = Buffer.from(`${context.workspaceDir}/`);
  const remembering: Remembering = { root, writer, plannedNs, entered: foldersEntered(steps), folders: [] };
  try {
    let isWhole = true;
    for (const one of expected) {
      await untilPast(one.entry);
      isWhole = remember(one, remembering) && isWhole;
    }
    // The innermost first: what is put into a folder changes its time, and one that nobody may enter is closed last.
    for (const folder of remembering.folders.toReversed()) dressFolder(folder);
    writer.commit(tree !== null && isWhole ? treeIdOf(tree) : NO_TREE);
  } catch (error) {
    writer.discard();
    throw error;
  }
}

/** A file from a moment ago: what changes it from now on has to get another time than the checkpoint gives it. */
async function untilPast({ mtimeUs }: Entry): Promise<void> {
  const ageUs = Date.now() * 1000 - mtimeUs;
  if (ageUs >= 0 && ageUs <= QUIET_US) await sleep((QUIET_US - ageUs) / 1000 + 5);
}

type Remembering = {
  root: Buffer;
  writer: StatCacheWriter;
  plannedNs: bigint;
  /** Folders into which something was put, or out of which something went: latin1 of their paths. */
  entered: ReadonlySet<string>;
  folders: Folder[];
};

function foldersEntered(steps: StepList): Set<string> {
  const entered = new Set<string>();
  for (const { entry, action } of steps) {
    const parent = parentOf(entry.path);
    if (parent !== null) entered.add(nameOf(parent));
    if (entry.type === "directory" && action !== "delete") entered.add(nameOf(entry.path));
  }
  return entered;
}

const nameOf = (path: Uint8Array): string => Buffer.from(path).toString("latin1");

/** False when the path is not what it should be: somebody else was at it meanwhile. */
function remember({ entry, bytes, identity }: Expected, work: Remembering): boolean {
  const isEntered = entry.type === "directory" && work.entered.has(nameOf(entry.path));
  if (identity !== null && !isEntered) {
    // It was looked at before the restore began: a time as young as that may hide a change.
    work.writer.add(bytes, isQuiet(identity, work.plannedNs) ? identity : null);
    return true;
  }
  const absolute = Buffer.concat([work.root, entry.path]);
  const stats = lstatSync(absolute, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !isOfType(stats, entry)) return false;
  const isAsWritten = isDressed(stats, entry);
  if (entry.type === "directory" && !isAsWritten) work.folders.push({ absolute, entry });
  // Its change time is of this moment and says nothing yet; its own time is past, and whoever writes into it gives it another.
  work.writer.add(bytes, isAsWritten && isPast(stats) ? identityOf(stats) : null);
  return true;
}

function isOfType(stats: BigIntStats, { type }: Entry): boolean {
  if (type === "directory") return stats.isDirectory();
  if (type === "symlink") return stats.isSymbolicLink();
  return type === "fifo" ? stats.isFIFO() : stats.isFile();
}

const isPast = ({ mtimeNs }: BigIntStats): boolean => mtimeNs < clockNs() - QUIET_NS;

/** Mode and time are what the checkpoint says. A symlink has no mode of its own. */
function isDressed(stats: BigIntStats, entry: Entry): boolean {
  const isOfMode = entry.type === "symlink" || Number(stats.mode & PERMISSIONS) === entry.mode;
  return isOfMode && Number(stats.mtimeNs / 1000n) === entry.mtimeUs;
}

function dressFolder({ absolute, entry }: Folder): void {
  const seconds = secondsOf(entry.mtimeUs);
  utimesSync(absolute, seconds, seconds);
  chmodSync(absolute, entry.mode);
}
