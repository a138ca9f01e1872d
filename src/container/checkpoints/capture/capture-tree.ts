// Walks the workspace beside what is known of it: what has not changed is taken over, anything else is read.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Omitted } from "../../../shared/checkpoints/format.ts";
import type { JobContext } from "../job-context.ts";
import { walkTree } from "../walk/walk-tree.ts";
import type { BlobIndex } from "./blob-index.ts";
import { createEntryCapture, isTrusted, newCounts, type CaptureCounts } from "./capture-entry.ts";
import type { EntryQueue } from "./entry-queue.ts";
import type { HardLinks } from "./hard-links.ts";
import { createCursor, type KnownEntries } from "./known-entries.ts";
import type { PackBuilder } from "./pack-builder.ts";
import type { FileReader } from "./read-file.ts";

export type CaptureParts = {
  context: JobContext;
  known: KnownEntries;
  index: BlobIndex;
  builder: PackBuilder;
  queue: EntryQueue;
  files: FileReader;
  links: HardLinks;
  /** Told of everything that is not kept. */
  omit(path: Uint8Array, reason: Omitted["reason"]): void;
};

/** Entries that wait for a pack's name at most: then it is closed as it is. */
const MAX_WAITING = 8192;
const TURN_MS = 20;

export async function captureTree(parts: CaptureParts, filesBefore: number | null): Promise<CaptureCounts> {
  const { context, known, queue, builder } = parts;
  const counts = newCounts();
  const parent = createCursor(known.parent);
  const local = known.local === known.parent ? parent : createCursor(known.local);
  const capture = createEntryCapture(parts, counts);
  let turnEnds = performance.now() + TURN_MS;
  try {
    for (const item of walkTree(context.workspaceDir, { omit: parts.omit })) {
      const before = parent.seek(item.path);
      const here = local === parent ? before : local.seek(item.path);
      const isUnchanged = local === parent && isTrusted(here, item);
      const seen = { item, local: here, before: before?.entry ?? null, isUnchanged };
      if (!capture.atOnce(seen)) {
        await capture.read(seen);
        await builder.room();
      }
      if (queue.size() >= MAX_WAITING) await builder.close();
      if (performance.now() < turnEnds) continue;
      context.progress(progressOf(counts, filesBefore));
      // Pieces of the list are compressed as well.
      await builder.room();
      await nextTurn();
      turnEnds = performance.now() + TURN_MS;
    }
    counts.removed = parent.passed();
    return counts;
  } finally {
    parent.close();
    local.close();
  }
}

function progressOf(counts: CaptureCounts, filesBefore: number | null) {
  const { files, bytes } = counts;
  return { phase: "scanning" as const, files, files_total: filesBefore, bytes, bytes_total: null };
}
