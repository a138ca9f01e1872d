// What a path needs so that it becomes what the checkpoint says: the decision, from what is there and what is wanted.
import type { Entry, FileEntry } from "../../../shared/checkpoints/format.ts";
import type { LocalIdentity } from "../stat-cache.ts";
import type { Step } from "./step.ts";

/** What the walk found at a path. */
export type Local = {
  path: Uint8Array;
  type: Entry["type"];
  mode: number;
  mtimeUs: number;
  size: number;
  /** The file on the disk that this name stands for, and by what it is known again. */
  identity: LocalIdentity;
  links: number;
  /** What it held when it was last read, if nothing says that it has changed since. */
  known(): Entry | null;
};

export type Looks = {
  /** Reads the file: does it hold exactly this? Asked only where its size fits and nothing is known of it. */
  holds(path: Uint8Array, wanted: FileEntry): boolean;
  readLink(path: Uint8Array): Uint8Array;
  /** Is that name, now and after the steps so far, the same file as the wanted one's first name? */
  isLinked(local: Local, wanted: FileEntry): boolean;
};

/** Null when it is all as it should be. */
export function compare(local: Local | null, wanted: Entry, looks: Looks): Step | null {
  if (local === null) return { action: "write", entry: wanted, displaces: false };
  if (local.type !== wanted.type) {
    return { action: "change", entry: wanted, displaces: local.type === "directory" || wanted.type === "directory" };
  }
  if (!hasContent(local, wanted, looks)) return { action: "change", entry: wanted, displaces: false };
  const isTouched = local.mtimeUs !== wanted.mtimeUs || (wanted.type !== "symlink" && local.mode !== wanted.mode);
  return isTouched ? { action: "touch", entry: wanted, displaces: false } : null;
}

function hasContent(local: Local, wanted: Entry, looks: Looks): boolean {
  if (wanted.type === "symlink") return isSame(looks.readLink(local.path), wanted.target);
  if (wanted.type !== "file") return true;
  if (local.size !== wanted.size || !looks.isLinked(local, wanted)) return false;
  const known = local.known();
  return known?.type === "file" && isSameContent(known, wanted) ? true : looks.holds(local.path, wanted);
}

/** The same hashes in the same lengths. A file that was cut in other places is read and compared. */
function isSameContent(left: FileEntry, right: FileEntry): boolean {
  if (left.size !== right.size || left.blobs.length !== right.blobs.length) return false;
  return left.blobs.every((blob, index) => {
    const other = right.blobs[index];
    return other !== undefined && blob.length === other.length && isSame(blob.sha256, other.sha256);
  });
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
