// Log files that processes write to by themselves, kept under a size by copying the file away and emptying it.
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Opened for appending, so that a writer goes on at the front after the file was emptied. The caller closes it. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, "a", 0o600);
}

/** Keeps the file and one older copy, each at about `maxBytes`. */
export function boundLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  if (sizeOf(path) <= maxBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
}

/** The last lines of a log, for a person to read. */
export function readLogTail(path: string, maxLines: number): string {
  const size = sizeOf(path);
  const length = Math.min(size, 16 * 1024);
  if (length === 0) return "";
  const buffer = Buffer.alloc(length);
  const file = openSync(path, "r");
  try {
    readSync(file, buffer, 0, length, size - length);
  } finally {
    closeSync(file);
  }
  return buffer.toString("utf8").trimEnd().split("\n").slice(-maxLines).join("\n");
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
