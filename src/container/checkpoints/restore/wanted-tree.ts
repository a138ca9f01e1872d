// The entries of a checkpoint as they are read for a restore, each held to what keeps it inside the workspace.
import { readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import type { Entry, Tree } from "../../../shared/checkpoints/format.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { JobContext } from "../job-context.ts";
import { readStatCache, statCachePath, treeIdOf } from "../stat-cache.ts";
import { readListChunks } from "../transfer/pack-reader.ts";
import { createOrderCheck } from "./entry-order.ts";

export async function* readWantedTree(context: JobContext, tree: Tree): AsyncGenerator<Entry> {
  const check = createOrderCheck();
  for await (const entry of readTree(context, tree)) {
    check(entry);
    yield entry;
  }
}

/** A tree that the engine still knows is read from its own disk. */
export async function* readTree(context: JobContext, tree: Tree): AsyncGenerator<Entry> {
  const cache = readStatCache(statCachePath(context.stateDir));
  if (cache?.treeId === treeIdOf(tree)) {
    for (const record of cache.records()) yield* readChunk(record.entry);
    return;
  }
  for await (const chunk of readListChunks(context, tree.chunks)) yield* readChunk(chunk);
}

function readChunk(bytes: Uint8Array): Entry[] {
  try {
    return readEntries(bytes);
  } catch {
    throw new AppError(
      "checkpoint_damaged",
      "The checkpoint's list of files does not hold together. Nothing was changed.",
    );
  }
}
