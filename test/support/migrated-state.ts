// Migrates a database once for all stacks of a run: each of them begins with a copy, as a second start would find it.
// How a first start migrates is seen by the tests of the tour (test/e2e/local-demo.test.ts).
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homePaths, openHome } from "../../local/home.ts";
import { applyMigrations } from "../../local/wrangler.ts";

const VARIABLE = "BERTH_TEST_MIGRATED";

/** vitest's global setup. */
export default async function migrateOnce(): Promise<() => void> {
  if (process.env[VARIABLE] !== undefined) return () => {};
  const home = mkdtempSync(join(tmpdir(), "berth-migrated-"));
  const { home_id: homeId } = openHome(home);
  await applyMigrations({ repository: join(import.meta.dirname, "..", ".."), paths: homePaths(home), homeId });
  process.env[VARIABLE] = home;
  return () => {
    delete process.env[VARIABLE];
    rmSync(home, { recursive: true, force: true });
  };
}

/** Nothing where nothing was migrated before: the stack does it itself. */
export function copyMigrated(home: string): void {
  const migrated = process.env[VARIABLE];
  if (migrated === undefined) return;
  const [from, to] = [homePaths(migrated), homePaths(home)];
  mkdirSync(home, { recursive: true, mode: 0o700 });
  cpSync(from.wranglerState, to.wranglerState, { recursive: true });
  cpSync(from.memory, to.memory);
}
