// What one start of Berth remembers for the next: what was migrated, and what containers were started with.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const memorySchema = z.object({
  migrations_sha256: z.string().nullable().default(null),
  image_sha256: z.string().nullable().default(null),
  forwarder_port: z.int().nullable().default(null),
});
export type Memory = z.infer<typeof memorySchema>;

export function readMemory(path: string): Memory {
  try {
    return memorySchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return memorySchema.parse({});
  }
}

export function remember(path: string, news: Partial<Memory>): void {
  writeFileSync(`${path}.new`, JSON.stringify({ ...readMemory(path), ...news }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** One hash over names and contents of files and folders, in a fixed order. What is missing counts as empty. */
export function hashPaths(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(listFiles)) {
    hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function listFiles(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isFile()) return [path];
  const names = readdirSync(path).toSorted();
  return names.flatMap((name) => listFiles(join(path, name)));
}
