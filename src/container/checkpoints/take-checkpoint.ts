// Takes a checkpoint of the workspace: walks it, reads what changed, stores packs, and answers with the tree.
import { showPath } from "../../shared/checkpoints/path-bytes.ts";
import type { Omitted, Tree } from "../../shared/checkpoints/format.ts";
import type { TakeCheckpoint, TakenTree } from "../../shared/rpc/runner-checkpoint-api.ts";
import { createBlobIndex } from "./capture/blob-index.ts";
import { createEntryList, type EntryList } from "./capture/entry-list.ts";
import { createEntryQueue } from "./capture/entry-queue.ts";
import { createHardLinks } from "./capture/hard-links.ts";
import { openKnownEntries } from "./capture/known-entries.ts";
import { createPackBuilder } from "./capture/pack-builder.ts";
import { type ClosedPack, createPackUploads } from "./capture/pack-uploads.ts";
import { createFileReader } from "./capture/read-file.ts";
import { captureTree, type CaptureParts } from "./capture/capture-tree.ts";
import type { JobContext } from "./job-context.ts";
import { clockNs, createStatCacheWriter, statCachePath, treeIdOf } from "./stat-cache.ts";

/** More are counted, not named. */
const MAX_OMITTED = 100;

export async function takeCheckpoint(request: TakeCheckpoint, context: JobContext): Promise<TakenTree> {
  const startedNs = clockNs();
  const index = createBlobIndex();
  const known = await openKnownEntries(request, context, index);
  const uploads = createPackUploads(context);
  const onClosed = (pack: ClosedPack) => {
    uploads.send(pack);
    queue.drain();
  };
  const builder = createPackBuilder({ index, onClosed, packRoom: uploads.room });
  const list = createEntryList(request.full ? [] : (request.parent?.chunks ?? []), { index, builder });
  const cache = createStatCacheWriter(statCachePath(context.stateDir), startedNs);
  const queue = createEntryQueue({ index, list, cache });
  const files = createFileReader({ known, builder });
  const links = createHardLinks(context.stateDir);
  const omitted = createOmissions();
  const parts = { context, known, index, builder, queue, files, links, omit: omitted.add };
  try {
    const counts = await captureTree(parts, request.parent?.files ?? null);
    context.captured();
    const chunks = await finishList(parts, list);
    const stored = await uploads.finish();
    const tree: Tree = {
      chunks,
      packs: list.packs(),
      files: counts.files,
      directories: counts.directories,
      others: counts.others,
      bytes: counts.bytes,
      ...omitted.named(),
    };
    cache.commit(treeIdOf(tree));
    return {
      tree,
      unchanged: request.parent !== null && treeIdOf(request.parent) === treeIdOf(tree),
      changes: { ...queue.changes(), removed: counts.removed },
      stored,
      unstable_files: counts.unstable,
      files_read: files.filesRead(),
      bytes_read: files.bytesRead(),
    };
  } catch (error) {
    cache.discard();
    throw error;
  } finally {
    links.close();
    builder.dispose();
  }
}

/**
 * A small checkpoint is one pack, which its list lies in too: one thing less to store. A larger one has first the packs
 * whose names entries wait for, then the last pieces of the list, which name them.
 */
async function finishList({ builder, queue }: CaptureParts, list: EntryList) {
  const pack = await builder.settle();
  const isOne = pack !== null && queue.listInto(pack);
  if (!isOne) await builder.close();
  queue.drain();
  list.end();
  await builder.close();
  if (isOne) queue.remember();
  return list.chunks();
}

function createOmissions() {
  const omitted: Omitted[] = [];
  let count = 0;
  return {
    add(path: Uint8Array, reason: Omitted["reason"]): void {
      count += 1;
      if (omitted.length < MAX_OMITTED) omitted.push({ path: showPath(path), reason });
    },
    named: () => ({ omitted, omitted_count: count }),
  };
}
