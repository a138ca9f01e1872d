// What is known of a workspace before it is walked: the parent's entries, and which files need no reading.
import { join } from "node:path";
import { ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { readEntries, writeEntry } from "../../../shared/checkpoints/entry-codec.ts";
import type { Tree } from "../../../shared/checkpoints/format.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { TakeCheckpoint } from "../../../shared/rpc/runner-checkpoint-api.ts";
import type { JobContext } from "../job-context.ts";
import {
  type CachedRecord,
  createStatCacheWriter,
  readStatCache,
  type StatCache,
  statCachePath,
  treeIdOf,
} from "../stat-cache.ts";
import { readListChunks } from "../transfer/pack-reader.ts";
import type { BlobIndex } from "./blob-index.ts";
import { blobsOf } from "./entry-scan.ts";

export type KnownEntries = {
  /** The parent's entries; null without a parent. */
  parent: StatCache | null;
  /** What this machine's disk held when it was last looked at; the very same as `parent` where they are one tree. */
  local: StatCache | null;
  /** Makes the index know where the parent's content lies. The first call does it. */
  fillIndex(): void;
  /** The number of content that this checkpoint or the parent has; -1 where it is new. */
  find(sha256: Buffer): number;
};

/** Most checkpoints change a few files: for so many the parent is searched, and no index of all that it has is built. */
const SEARCHES = 16;

export async function openKnownEntries(
  request: Pick<TakeCheckpoint, "parent" | "full">,
  context: JobContext,
  index: BlobIndex,
): Promise<KnownEntries> {
  const { parent: tree, full } = request;
  const cache = readStatCache(statCachePath(context.stateDir));
  if (tree === null) return { parent: null, local: null, fillIndex: () => {}, find: index.find };
  const isSame = cache?.treeId === treeIdOf(tree);
  const parent = isSame ? cache : await fetchEntries(tree, context, full);
  let isFilled = full || parent === null;
  let searches = 0;
  const fillIndex = (): void => {
    if (isFilled || parent === null) return;
    isFilled = true;
    for (const { entry } of parent.records()) for (const blob of blobsOf(entry)) index.addRef(blob);
  };
  return {
    parent,
    local: full ? null : cache,
    fillIndex,
    find(sha256) {
      const found = index.find(sha256);
      if (found !== -1 || isFilled || parent === null) return found;
      if (++searches <= SEARCHES && !parent.mentions(sha256)) return -1;
      fillIndex();
      return index.find(sha256);
    },
  };
}

/** The parent's entry list, spooled to a file of the same kind as the stat cache, in which nothing is trusted. */
async function fetchEntries(tree: Tree, context: JobContext, full: boolean): Promise<StatCache | null> {
  const path = join(context.stateDir, "parent-entries");
  const spool = createStatCacheWriter(path, 0n);
  const writer = new ByteWriter();
  try {
    for await (const chunk of readListChunks(context, tree.chunks)) {
      for (const entry of readEntries(chunk)) {
        writeEntry(writer, entry);
        spool.add(writer.take(), null);
      }
    }
    spool.commit(treeIdOf(tree));
  } catch (error) {
    spool.discard();
    // A full one is taken where storage is not to be trusted: what is damaged there must not keep it from being made good.
    if (full && error instanceof AppError && error.code === "checkpoint_damaged") return null;
    throw error;
  }
  return readStatCache(path);
}

export type EntryCursor = {
  /** The record of that path. Paths are asked for in order. */
  seek(path: Buffer): CachedRecord | null;
  /** Records that nobody asked for up to here. */
  passedSoFar(): number;
  /** The same, once the rest has been passed too. */
  passed(): number;
  close(): void;
};

export function createCursor(entries: StatCache | null): EntryCursor {
  const records = entries?.records();
  let current: CachedRecord | null = null;
  let passed = 0;
  const step = (): CachedRecord | null => {
    const next = records?.next();
    return (current = next === undefined || next.done === true ? null : next.value);
  };
  step();
  return {
    seek(path) {
      for (let record = current; record !== null; record = step()) {
        const order = Buffer.compare(record.path, path);
        if (order > 0) return null;
        if (order === 0) {
          step();
          return record;
        }
        passed += 1;
      }
      return null;
    },
    passedSoFar: () => passed,
    passed() {
      for (let record = current; record !== null; record = step()) passed += 1;
      return passed;
    },
    close: () => void records?.return(),
  };
}
