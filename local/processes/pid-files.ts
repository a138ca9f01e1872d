// The pid files under BERTH_HOME/run: one for each process that Berth started, so that the next start can end what is left.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { findProcess } from "./process-table.ts";
import type { ProcessTree } from "./process-tree.ts";

const pidFileSchema = z.object({
  pid: z.int().positive(),
  start_mark: z.string(),
  marks: z.array(z.string()),
  /** ISO 8601. */
  started_at: z.string(),
  /** What the writer wants to find again, such as a port. */
  port: z.int().nullable(),
});
export type PidFile = z.infer<typeof pidFileSchema>;

/** Writes the file of a process that runs; null when it is gone already. */
export function writePidFile(
  folder: string,
  role: string,
  entry: { pid: number; marks: readonly string[]; port?: number },
): PidFile | null {
  const row = findProcess(entry.pid);
  if (row === null) return null;
  const file: PidFile = {
    pid: entry.pid,
    start_mark: row.startMark,
    marks: [...entry.marks],
    started_at: new Date().toISOString(),
    port: entry.port ?? null,
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = pathOf(folder, role);
  writeFileSync(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return file;
}

export function readPidFile(folder: string, role: string): PidFile | null {
  try {
    return pidFileSchema.parse(JSON.parse(readFileSync(pathOf(folder, role), "utf8")));
  } catch {
    return null;
  }
}

export function removePidFile(folder: string, role: string): void {
  rmSync(pathOf(folder, role), { force: true });
}

/** The roles that have a file, readable or not. */
export function listRoles(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []));
  } catch {
    return [];
  }
}

export function toTree(file: PidFile): ProcessTree {
  return { pid: file.pid, startMark: file.start_mark, marks: file.marks };
}

function pathOf(folder: string, role: string): string {
  return join(folder, `${role}.json`);
}
