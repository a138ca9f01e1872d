// Reads a running stack's D1 as it lies on the disk, beside the Worker that writes it.
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Rows of the stack's D1 database; `home` is the stack's. */
export function readD1(home: string, query: string, ...bindings: (string | number)[]): Record<string, unknown>[] {
  for (const file of globSync(join(home, "**/d1/miniflare-D1DatabaseObject/*.sqlite"))) {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const [tables] = database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'projects'").all();
      if (tables?.["n"] === 1) return database.prepare(query).all(...bindings);
    } finally {
      database.close();
    }
  }
  throw new Error(`there is no D1 database below ${home}`);
}
