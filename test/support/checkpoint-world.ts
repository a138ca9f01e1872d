// A workspace, an engine's folder and an edge: taking and restoring without any object, for tests of what lies in between.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { restoreTree } from "../../src/container/checkpoints/restore/restore-tree.ts";
import { toBase64Url } from "../../src/shared/checkpoints/bytes-text.ts";
import type { Tree } from "../../src/shared/checkpoints/format.ts";
import type { RestoredTree, TakenTree } from "../../src/shared/rpc/runner-checkpoint-api.ts";
import { startCheckpointBench } from "./checkpoint-bench.ts";
import type { PackEdge } from "./pack-edge.ts";

export type CheckpointWorld = {
  edge: PackEdge;
  /** The workspace's folder. */
  files: string;
  take(parent?: Tree | null, options?: { full?: boolean }): Promise<TakenTree>;
  restore(tree: Tree, options?: { paths?: string[]; dry_run?: boolean }): Promise<RestoredTree>;
  /** Another sandbox: an empty workspace, and an engine that remembers nothing. */
  replaceSandbox(): void;
  /** The same sandbox, without the packs that it keeps on its disk. */
  forgetPacks(): void;
  close(): Promise<void>;
};

export async function createCheckpointWorld(): Promise<CheckpointWorld> {
  const bench = await startCheckpointBench();
  const folders = [bench.workspaceDir, bench.stateDir];
  // What nobody may enter keeps whoever is not root from removing it.
  const openUp = () => execFileSync("chmod", ["-R", "u+rwx", bench.folder]);
  return {
    edge: bench.edge,
    files: bench.workspaceDir,
    forgetPacks: bench.forgetPacks,
    take: bench.take,
    restore(tree, { paths, dry_run = false } = {}) {
      const some = paths?.map((path) => toBase64Url(Buffer.from(path))) ?? null;
      const tokens = { write: null, read: null };
      return restoreTree({ operation_id: randomUUID(), tree, paths: some, dry_run, tokens }, bench.context);
    },
    replaceSandbox() {
      openUp();
      for (const folder of folders) rmSync(folder, { recursive: true });
      for (const folder of folders) mkdirSync(folder);
    },
    async close() {
      openUp();
      await bench.stop();
    },
  };
}
