// Walks a workspace in the order of the entry list, which is that of whole paths' bytes, without holding the tree.
// Names are kept as latin1 strings inside: one character a byte, whatever the bytes, and ordered as the bytes are.
import { type BigIntStats, chmodSync, lstatSync, readdirSync } from "node:fs";
import { type IgnoreRules, IGNORE_FILE, isIgnored, readIgnoreRules } from "./ignore-rules.ts";

export type WalkItem = {
  /** Relative to the root, as the file system has it. A view of `absolute`. */
  path: Buffer;
  absolute: Buffer;
  type: "file" | "directory" | "symlink" | "fifo";
  /** As lstat saw it: nothing is followed. */
  stats: BigIntStats;
};

export type WalkOptions = {
  /** Told of what the walk cannot hand out: sockets, devices, and what may not be read. */
  omit?: (path: Buffer, reason: "socket" | "device" | "unreadable") => void;
};

type Folder = {
  /** Relative, with a slash at its end; empty for the root. */
  prefix: string;
  names: string[];
  next: number;
  /** Folders that were handed out and not walked yet; the last one comes first. */
  waiting: { name: string; seen: BigIntStats }[];
  rules: IgnoreRules | null;
  /** Gives the folder the mode back that it had. */
  close: () => void;
};

/** What a restore keeps at the workspace's root while it works: no part of the tree. */
export const STAGING_PREFIX = ".berth-restore-";

const TYPE_MASK = 0o170000;
const OWNER_READ = 0o500;
const OWNER_ALL = 0o700;

/** Every entry under `root` but the root itself. A folder comes before what is in it. What vanishes meanwhile is left out. */
export function* walkTree(root: string | Buffer, options: WalkOptions = {}): Generator<WalkItem, void> {
  const base = `${(typeof root === "string" ? Buffer.from(root) : root).toString("latin1")}/`;
  const omit = options.omit ?? (() => {});
  const first = openFolder(base, "", { seen: null, rules: null });
  const stack = first === "unreadable" || first === null ? [] : [first];
  try {
    for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
      const name = folder.names[folder.next];
      const waiting = folder.waiting.at(-1);
      if (waiting !== undefined && (name === undefined || `${waiting.name}/` < name)) {
        folder.waiting.pop();
        const prefix = `${folder.prefix}${waiting.name}/`;
        const opened = openFolder(base, prefix, { seen: waiting.seen, rules: folder.rules });
        if (opened === "unreadable") omit(Buffer.from(prefix.slice(0, -1), "latin1"), "unreadable");
        else if (opened !== null) stack.push(opened);
      } else if (name === undefined) {
        folder.close();
        stack.pop();
      } else {
        folder.next += 1;
        const item = visit(base, folder, { name, omit });
        if (item !== null) yield item;
      }
    }
  } finally {
    for (const folder of stack.toReversed()) folder.close();
  }
}

function visit(
  base: string,
  folder: Folder,
  { name, omit }: { name: string; omit: NonNullable<WalkOptions["omit"]> },
): WalkItem | null {
  if (folder.prefix === "" && name.startsWith(STAGING_PREFIX)) return null;
  const absolute = Buffer.from(base + folder.prefix + name, "latin1");
  const path = absolute.subarray(base.length);
  const stats = statOf(absolute);
  if (stats === null) return null;
  const type = stats === "unreadable" ? stats : typeOf(Number(stats.mode) & TYPE_MASK);
  if (folder.rules !== null && isIgnored(folder.rules, folder.prefix + name, type === "directory")) return null;
  if (stats === "unreadable" || type === "unreadable" || type === "socket" || type === "device") {
    omit(path, type === "socket" || type === "device" ? type : "unreadable");
    return null;
  }
  if (type === "directory") folder.waiting.push({ name, seen: stats });
  return { path, absolute, type, stats };
}

function statOf(absolute: Buffer): BigIntStats | "unreadable" | null {
  try {
    return lstatSync(absolute, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    return isGone(error) ? null : "unreadable";
  }
}

function typeOf(format: number): WalkItem["type"] | "socket" | "device" {
  if (format === 0o100000) return "file";
  if (format === 0o040000) return "directory";
  if (format === 0o120000) return "symlink";
  if (format === 0o010000) return "fifo";
  return format === 0o140000 ? "socket" : "device";
}

/**
 * Null when it is gone, or something else took its place: a link would lead outside. One of ours that may not be read is
 * opened for as long as it is walked. `seen`: as the walk came by it; null for the root.
 */
function openFolder(
  base: string,
  prefix: string,
  { seen, rules }: { seen: BigIntStats | null; rules: IgnoreRules | null },
): Folder | "unreadable" | null {
  const absolute = Buffer.from(base + prefix, "latin1");
  const mode = seen === null ? OWNER_ALL : Number(seen.mode);
  let close = () => {};
  if ((mode & OWNER_READ) !== OWNER_READ) close = openUp(absolute, mode);
  try {
    const names = readdirSync(absolute, "latin1").sort();
    // Looked at after it was read: what was read is then the folder that was seen.
    if (seen !== null && !isStill(seen, absolute.subarray(0, -1))) return (close(), null);
    const own = names.includes(IGNORE_FILE) ? readIgnoreRules(absolute, prefix, rules) : rules;
    return { prefix, names, next: 0, waiting: [], rules: own, close };
  } catch (error) {
    close();
    return isGone(error) ? null : "unreadable";
  }
}

/** An inode's number goes on at once to what is made next. */
function isStill(seen: BigIntStats, path: Buffer): boolean {
  const now = statOf(path);
  return now !== null && now !== "unreadable" && now.isDirectory() && now.ino === seen.ino && now.dev === seen.dev;
}

function openUp(absolute: Buffer, mode: number): () => void {
  const quietly = (bits: number) => {
    try {
      chmodSync(absolute, bits & 0o7777);
    } catch {
      // Not ours, or gone: reading it says which.
    }
  };
  quietly(mode | OWNER_ALL);
  return () => quietly(mode);
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}
