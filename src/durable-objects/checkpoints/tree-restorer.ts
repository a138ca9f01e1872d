// Makes the sandbox's files what a tree says, or tells what that would change. Repeatable: nothing here is remembered.
import { toBase64Url } from "../../shared/checkpoints/bytes-text.ts";
import type { Tree } from "../../shared/checkpoints/format.ts";
import { readShownPath } from "../../shared/checkpoints/path-bytes.ts";
import { unwrap } from "../../shared/errors/app-error.ts";
import { restoredTreeSchema, type RestoredTree } from "../../shared/rpc/runner-checkpoint-api.ts";
import type { Engine } from "./engine.ts";

export type TreeRestore = {
  operation_id: string;
  runtime_id: string;
  tree: Tree;
  /** As showPath writes them; null for everything. */
  paths: readonly string[] | null;
  dry_run: boolean;
};

export type TreeRestorer = {
  /** Only inside of `engine.exclusively`. */
  restore(restore: TreeRestore): Promise<RestoredTree>;
};

export function createTreeRestorer(engine: Engine): TreeRestorer {
  return {
    async restore({ operation_id, runtime_id, tree, dry_run, paths }) {
      const job = { operation_id, runtime_id, writes: false, reads: tree.packs };
      const encoded = paths?.map((path) => toBase64Url(readShownPath(path))) ?? null;
      const restored = await engine.run(job, async (runner, host, tokens) =>
        unwrap(await runner.restoreTree({ operation_id, tree, paths: encoded, dry_run, tokens }, host)),
      );
      return restoredTreeSchema.parse(restored);
    },
  };
}
