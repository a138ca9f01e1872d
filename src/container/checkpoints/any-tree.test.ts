// Any tree that a generator can make, taken, changed at will and restored, is the same tree to the system's own tools.
import * as fc from "fast-check";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CheckpointWorld, createCheckpointWorld } from "../../../test/support/checkpoint-world.ts";
import { growTree, randomTree } from "../../../test/support/random-tree.ts";
import { lookAtTree } from "../../../test/support/tree-look.ts";
import { PACKS_TOGETHER } from "../../shared/checkpoints/format.ts";

const RUNS = 15;
/** A small tree is one pack with its list; with this much beside it, it is not. */
const BULK = randomBytes(PACKS_TOGETHER.bytes + 1);
const LAST = "~".repeat(200);

async function inWorld(work: (world: CheckpointWorld) => Promise<void>): Promise<void> {
  const world = await createCheckpointWorld();
  try {
    await work(world);
  } finally {
    await world.close();
  }
}

describe("any tree", () => {
  it("comes back after any change, in the same sandbox [checkpoints.tree] [checkpoints.names]", async () => {
    const property = fc.asyncProperty(randomTree, randomTree, fc.boolean(), (first, second, isLarge) =>
      inWorld(async (world) => {
        growTree(world.files, first);
        if (isLarge) writeFileSync(join(world.files, LAST), BULK);
        const before = lookAtTree(world.files);
        const { tree } = await world.take();
        expect(tree.packs.length > 1).toBe(isLarge);
        expect(lookAtTree(world.files)).toEqual(before);
        growTree(world.files, second);
        const { tree: changed } = await world.take(tree);
        await world.restore(tree);
        expect(lookAtTree(world.files)).toEqual(before);
        // What the restore wrote is known: the next walk finds the same tree.
        const again = await world.take(tree);
        expect(again).toMatchObject({ unchanged: true, bytes_read: 0 });
        await world.restore(changed);
        await world.restore(tree);
        expect(lookAtTree(world.files)).toEqual(before);
      }),
    );
    await fc.assert(property, { numRuns: RUNS });
  }, 240_000);

  it("comes back in another sandbox, and is the same tree there [checkpoints.tree] [checkpoints.wake]", async () => {
    const property = fc.asyncProperty(randomTree, fc.boolean(), (children, isLarge) =>
      inWorld(async (world) => {
        growTree(world.files, children);
        if (isLarge) writeFileSync(join(world.files, LAST), BULK);
        const before = lookAtTree(world.files);
        const { tree } = await world.take();
        world.replaceSandbox();
        await world.restore(tree);
        expect(lookAtTree(world.files)).toEqual(before);
        const again = await world.take(tree);
        expect(again.tree.chunks).toEqual(tree.chunks);
        expect(again).toMatchObject({ unchanged: true, bytes_read: 0, stored: [] });
      }),
    );
    await fc.assert(property, { numRuns: RUNS });
  }, 240_000);
});
