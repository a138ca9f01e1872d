// A checkpoint's files for people, without a sandbox: by the page, and one by its parts.
import type { Principal } from "../../shared/teams/principal.ts";
import { type CheckpointAccess, targetOf } from "./checkpoint-access.ts";
import type { CheckpointRow } from "./checkpoint-store.ts";
import { type FilePart, listFiles, readFilePart } from "./file-list.ts";

type Page = Awaited<ReturnType<typeof listFiles>>;

export type FilesService = {
  list(
    principal: Principal,
    row: CheckpointRow,
    page: { cursor: { chunk: number; entry: number }; limit: number },
  ): Promise<Page>;
  read(
    principal: Principal,
    checkpointId: string,
    wanted: { path: string; offset: number; limit: number },
  ): Promise<FilePart>;
};

export function createFilesService(access: CheckpointAccess): FilesService {
  return {
    async list(principal, row, { cursor, limit }) {
      return listFiles(await access.open(principal, targetOf(row), true), cursor, limit);
    },
    async read(principal, checkpointId, { path, offset, limit }) {
      const row = await access.find(principal, checkpointId);
      return readFilePart(await access.open(principal, targetOf(row), false), path, { offset, limit });
    },
  };
}
