// What happened to one path between two trees: added, removed, changed, or only its mode; null when nothing did.
// A time alone is no change: it is restored, and nobody compares it.
import { toHex } from "./bytes-text.ts";
import type { Entry } from "./format.ts";

export const CHANGE_STATUSES = ["added", "removed", "changed", "mode_changed"] as const;
export type ChangeStatus = (typeof CHANGE_STATUSES)[number];

export function judgeEntries(before: Entry | null, after: Entry | null): ChangeStatus | null {
  if (before === null) return after === null ? null : "added";
  if (after === null) return "removed";
  if (!hasSameContent(before, after)) return "changed";
  return before.mode === after.mode ? null : "mode_changed";
}

/** Where the bytes lie is no part of what they are. */
function hasSameContent(before: Entry, after: Entry): boolean {
  if (before.type === "symlink" && after.type === "symlink") return toHex(before.target) === toHex(after.target);
  if (before.type !== "file" || after.type !== "file") return before.type === after.type;
  if (before.size !== after.size || before.blobs.length !== after.blobs.length) return false;
  if (nameOf(before.hardLinkOf) !== nameOf(after.hardLinkOf)) return false;
  return before.blobs.every((blob, index) => {
    const other = after.blobs[index];
    return other !== undefined && toHex(blob.sha256) === toHex(other.sha256);
  });
}

const nameOf = (path: Uint8Array | null): string | null => (path === null ? null : toHex(path));
