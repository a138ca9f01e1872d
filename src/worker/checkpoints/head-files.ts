// The files of a branch as its newest checkpoint has them: read without a sandbox, so they may be a turn behind.
import { readShownPath, showPath } from "../../shared/checkpoints/path-bytes.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type CheckpointAccess, type PlaceName, targetOf } from "./checkpoint-access.ts";
import type { CheckpointRow, CheckpointStore } from "./checkpoint-store.ts";
import { type FilePart, readFilePart } from "./file-list.ts";
import { findChunk, type TreeReader } from "./reading/tree-reader.ts";

export type HeadFile = FilePart & { checkpoint_id: string; created_at: string };

export type HeadFiles = {
  read(principal: Principal, place: PlaceName, path: string, maxBytes: number): Promise<HeadFile>;
  /** The first files whose paths begin so, in order; none where nothing was kept yet. */
  complete(principal: Principal, place: PlaceName, prefix: string, limit: number): Promise<string[]>;
};

type Parts = { access: CheckpointAccess; store: Pick<CheckpointStore, "findHead"> };

/** Each is a read of R2. */
const MAX_CHUNKS = 8;

export function createHeadFiles({ access, store }: Parts): HeadFiles {
  async function open(
    principal: Principal,
    place: PlaceName,
  ): Promise<{ row: CheckpointRow; reader: TreeReader } | null> {
    const { workspace_id } = await access.place(principal, place);
    const row = await store.findHead(principal, workspace_id);
    return row === null ? null : { row, reader: await access.open(principal, targetOf(row), false) };
  }
  return {
    async read(principal, place, path, maxBytes) {
      const head = await open(principal, place);
      if (head === null) throw new AppError("file_not_found", "Nothing of this project's files has been kept yet.");
      const part = await readFilePart(head.reader, path, { offset: 0, limit: maxBytes });
      return { ...part, checkpoint_id: head.row.checkpoint_id, created_at: head.row.created_at };
    },
    async complete(principal, place, prefix, limit) {
      const head = await open(principal, place);
      return head === null ? [] : listFrom(head.reader, prefix, limit);
    },
  };
}

/** Paths are sorted, so those with one beginning lie side by side. */
async function listFrom(reader: TreeReader, prefix: string, limit: number): Promise<string[]> {
  const { chunks } = reader.tree;
  const found: string[] = [];
  const from = prefix === "" ? 0 : findChunk(chunks, readShownPath(prefix));
  for (let index = from; index < Math.min(chunks.length, from + MAX_CHUNKS); index++) {
    for (const entry of await reader.chunk(index)) {
      const path = showPath(entry.path);
      if (entry.type !== "file" || !path.startsWith(prefix)) continue;
      found.push(path);
      if (found.length >= limit) return found;
    }
  }
  return found;
}
