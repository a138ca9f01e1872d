// The workspace as it is, path by path in the list's order, with what the engine still knows of each file's content.
import { readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import { comparePaths } from "../../../shared/checkpoints/path-bytes.ts";
import type { JobContext } from "../job-context.ts";
import { type CachedRecord, identityOf, readStatCache, statCachePath } from "../stat-cache.ts";
import { walkTree, type WalkItem } from "../walk/walk-tree.ts";
import type { Local } from "./compare.ts";

const PERMISSIONS = 0o7777n;

export function* readLocalTree({ workspaceDir, stateDir }: JobContext): Generator<Local> {
  const records = readStatCache(statCachePath(stateDir))?.records() ?? null;
  let record = records?.next().value ?? null;
  try {
    for (const item of walkTree(workspaceDir)) {
      while (record !== null && comparePaths(record.path, item.path) < 0) record = records?.next().value ?? null;
      const isHere = record !== null && comparePaths(record.path, item.path) === 0;
      yield toLocal(item, isHere && record?.isTrusted(item.stats) === true ? record : null);
    }
  } finally {
    records?.return();
  }
}

function toLocal({ path, type, stats }: WalkItem, record: CachedRecord | null): Local {
  return {
    path,
    type,
    mode: Number(stats.mode & PERMISSIONS),
    mtimeUs: Number(stats.mtimeNs / 1000n),
    size: Number(stats.size),
    identity: identityOf(stats),
    links: Number(stats.nlink),
    // Read only where it is needed: most files are not even of the same size, or not asked about.
    known: () => (record === null ? null : (readEntries(record.entry)[0] ?? null)),
  };
}
