// Files on their way into the workspace: written beside it under plain numbers, and put in their place only once all are whole.
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FileEntry } from "../../../shared/checkpoints/format.ts";
import { STAGING_PREFIX } from "../walk/walk-tree.ts";

const FILES_PER_FOLDER = 1000;
/** What a file system keeps as a hole at best. */
const HOLE_BYTES = 4096;

export type Staging = {
  /** Where the file of that step is written; its folder is there. */
  fileOf(step: number): string;
  /** Makes the file of a step when it does not come in one piece; the pieces follow. */
  begin(step: number, file: FileEntry): void;
  write(step: number, piece: StagedPiece): void;
  /** A name for what is moved aside; it goes with the staging. */
  aside(): string;
  remove(): void;
};

/** `isWhole`: the file comes in this one piece. */
export type StagedPiece = { at: number; content: Uint8Array; sparse: boolean; isWhole: boolean };

export const isOnePiece = (file: FileEntry): boolean => file.blobs.length === 1 && !file.sparse;

/** Beside the workspace's own files, since a rename does not cross file systems; the walk passes over it. */
export function createStaging(workspaceDir: string, operationId: string): Staging {
  removeLeftovers(workspaceDir);
  const root = join(workspaceDir, `${STAGING_PREFIX}${operationId}`);
  mkdirSync(root, { mode: 0o700 });
  let folder = -1;
  let moved = 0;
  const fileOf = (step: number): string => join(root, String(Math.floor(step / FILES_PER_FOLDER)), String(step));
  return {
    fileOf(step) {
      const wanted = Math.floor(step / FILES_PER_FOLDER);
      if (wanted !== folder) mkdirSync(join(root, String(wanted)), { recursive: true, mode: 0o700 });
      folder = wanted;
      return fileOf(step);
    },
    begin(step, file) {
      const at = this.fileOf(step);
      if (isOnePiece(file)) return;
      const fd = openSync(at, "w", 0o600);
      // The length first: what is not written afterwards is a hole.
      if (file.sparse) ftruncateSync(fd, file.size);
      closeSync(fd);
    },
    write(step, { at, content, sparse, isWhole }) {
      const fd = openSync(fileOf(step), isWhole ? "w" : "r+", 0o600);
      try {
        if (sparse) writeData(fd, at, content);
        else writeAll(fd, at, content);
      } finally {
        closeSync(fd);
      }
    },
    aside: () => join(root, `aside-${moved++}`),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Of a restore that was cut off. */
function removeLeftovers(workspaceDir: string): void {
  for (const name of readdirSync(workspaceDir)) {
    if (name.startsWith(STAGING_PREFIX)) rmSync(join(workspaceDir, name), { recursive: true, force: true });
  }
}

function writeAll(fd: number, at: number, content: Uint8Array): void {
  for (let done = 0; done < content.length;) {
    done += writeSync(fd, content, done, content.length - done, at + done);
  }
}

function writeData(fd: number, at: number, content: Uint8Array): void {
  for (let from = 0; from < content.length; from += HOLE_BYTES) {
    const block = content.subarray(from, from + HOLE_BYTES);
    if (block.some((byte) => byte !== 0)) writeAll(fd, at + from, block);
  }
}
