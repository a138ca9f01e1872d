// Says whether the workspace may be another than a tree, by times and sizes alone: nothing is read or stored.
import type { Tree } from "../../shared/checkpoints/format.ts";
import { createCursor } from "./capture/known-entries.ts";
import { isTrusted } from "./capture/capture-entry.ts";
import type { JobContext } from "./job-context.ts";
import { readStatCache, statCachePath, treeIdOf } from "./stat-cache.ts";
import { walkTree } from "./walk/walk-tree.ts";

/** True as well where it cannot be said: nothing is remembered of that tree, or a time is too young. */
export function isChangedSince(tree: Tree, context: Pick<JobContext, "workspaceDir" | "stateDir">): boolean {
  const cache = readStatCache(statCachePath(context.stateDir));
  if (cache === null || cache.treeId !== treeIdOf(tree)) return true;
  const known = createCursor(cache);
  try {
    for (const item of walkTree(context.workspaceDir)) {
      const record = known.seek(item.path);
      if (known.passedSoFar() > 0 || !isTrusted(record, item)) return true;
    }
    return known.passed() > 0;
  } finally {
    known.close();
  }
}
