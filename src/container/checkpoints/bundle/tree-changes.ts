// What one commit changes against the one before: two sorted entry lists, compared as git sees them.
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { comparePaths } from "../../../shared/checkpoints/path-bytes.ts";
import { isKeptByGit } from "./fast-import.ts";

export type Kept = Extract<Entry, { type: "file" | "symlink" }>;
export type Change = { type: "put"; entry: Kept } | { type: "delete"; path: Uint8Array };

export async function* treeChanges(before: AsyncIterable<Entry>, after: AsyncIterable<Entry>): AsyncGenerator<Change> {
  const old = keptOf(before);
  let left = await nextOf(old);
  for await (const entry of keptOf(after)) {
    while (left !== null && comparePaths(left.path, entry.path) < 0) {
      yield { type: "delete", path: left.path };
      left = await nextOf(old);
    }
    const isBoth = left !== null && comparePaths(left.path, entry.path) === 0;
    if (left === null || !isBoth || contentName(left) !== contentName(entry) || modeOf(left) !== modeOf(entry)) {
      yield { type: "put", entry };
    }
    if (isBoth) left = await nextOf(old);
  }
  for (; left !== null; left = await nextOf(old)) yield { type: "delete", path: left.path };
}

/** The same for the same content, whatever its path. */
export function contentName(entry: Kept): string {
  if (entry.type === "symlink") return `link:${Buffer.from(entry.target).toString("base64")}`;
  return entry.blobs.map(({ sha256 }) => Buffer.from(sha256).toString("base64")).join("") || "empty";
}

function modeOf(entry: Kept): string {
  return `${entry.type}:${entry.mode & 0o100}`;
}

async function* keptOf(entries: AsyncIterable<Entry>): AsyncGenerator<Kept> {
  for await (const entry of entries) if (isKeptByGit(entry)) yield entry;
}

async function nextOf(entries: AsyncGenerator<Kept>): Promise<Kept | null> {
  const { value, done } = await entries.next();
  return done === true ? null : value;
}
