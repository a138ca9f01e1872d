// Reads what a comparison needs of the workspace itself: a link's target, and whether a file holds exactly some content.
import { hash } from "node:crypto";
import { closeSync, constants, openSync, readlinkSync, readSync } from "node:fs";
import type { FileEntry } from "../../../shared/checkpoints/format.ts";
import type { Looks } from "./compare.ts";

export function createLooks(workspaceDir: string): Pick<Looks, "holds" | "readLink"> {
  const root = Buffer.from(`${workspaceDir}/`);
  const place = (path: Uint8Array): Buffer => Buffer.concat([root, path]);
  return {
    holds: (path, wanted) => holds(place(path), wanted),
    readLink: (path) => readlinkSync(place(path), { encoding: "buffer" }),
  };
}

/** Piece by piece, as the checkpoint has cut it; the first that differs decides. */
function holds(path: Buffer, { blobs }: FileEntry): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    // What cannot be read is written anew.
    return false;
  }
  try {
    let at = 0;
    return blobs.every((blob) => {
      const piece = Buffer.allocUnsafe(blob.length);
      const isWhole = readWhole(fd, piece, at);
      at += blob.length;
      return isWhole && hash("sha256", piece, "buffer").equals(blob.sha256);
    });
  } finally {
    closeSync(fd);
  }
}

function readWhole(fd: number, into: Buffer, at: number): boolean {
  for (let done = 0; done < into.length;) {
    const read = readSync(fd, into, done, into.length - done, at + done);
    if (read === 0) return false;
    done += read;
  }
  return true;
}
