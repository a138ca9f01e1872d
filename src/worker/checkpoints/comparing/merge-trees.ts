// Goes through two sorted entry lists side by side, and passes over the chunks that both have: they are not even read.
import { fromBase64Url } from "../../../shared/checkpoints/bytes-text.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { comparePaths } from "../../../shared/checkpoints/path-bytes.ts";
import type { TreeReader } from "../reading/tree-reader.ts";

export type EntryPair = { before: Entry | null; after: Entry | null };

/** Every path that is in one of the differing chunks, with what each side has there. Null is an empty tree. */
export async function* mergeTrees(
  from: TreeReader | null,
  to: TreeReader | null,
): AsyncGenerator<EntryPair, void, void> {
  const [left, right] = [createCursor(from), createCursor(to)];
  for (;;) {
    const hash = left.chunkHash();
    if (hash !== null && hash === right.chunkHash()) {
      left.skipChunk();
      right.skipChunk();
      continue;
    }
    const [leftPath, rightPath] = [left.path(), right.path()];
    if (leftPath === null && rightPath === null) return;
    const order = orderOf(leftPath, rightPath);
    const before = order <= 0 ? await left.take() : null;
    const after = order >= 0 ? await right.take() : null;
    yield { before, after };
  }
}

/** What is at its end comes last. */
function orderOf(left: Uint8Array | null, right: Uint8Array | null): number {
  if (left === null) return 1;
  return right === null ? -1 : comparePaths(left, right);
}

type Cursor = {
  /** Of the chunk that begins here; null within one, and at the end. */
  chunkHash(): string | null;
  skipChunk(): void;
  /** Of the next entry, also while its chunk is not read yet. */
  path(): Uint8Array | null;
  take(): Promise<Entry | null>;
};

function createCursor(reader: TreeReader | null): Cursor {
  const chunks = reader?.tree.chunks ?? [];
  let index = 0;
  let entries: Entry[] | null = null;
  let at = 0;
  return {
    chunkHash: () => (entries === null ? (chunks[index]?.sha256 ?? null) : null),
    skipChunk: () => void index++,
    path() {
      if (entries !== null) return entries[at]?.path ?? null;
      const first = chunks[index]?.first;
      return first === undefined ? null : fromBase64Url(first);
    },
    async take() {
      entries ??= (await reader?.chunk(index)) ?? [];
      const entry = entries[at++] ?? null;
      if (at >= entries.length) {
        entries = null;
        at = 0;
        index++;
      }
      return entry;
    },
  };
}
