// The moment after a restore: what was written is known, and what is changed in that very moment is not taken for it.
import { chmodSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckpointWorld, createCheckpointWorld } from "../../../../test/support/checkpoint-world.ts";

let world: CheckpointWorld;
beforeEach(async () => void (world = await createCheckpointWorld()));
afterEach(() => world.close());

const LONG_AGO = new Date("2026-01-01T00:00:00Z");

describe("right after a restore", () => {
  it.each([
    ["old", LONG_AGO],
    ["young", null],
  ])("a change to an %s file is seen, be it of the same size [checkpoints.restore]", async (_age, time) => {
    const path = join(world.files, "file");
    writeFileSync(path, "before");
    if (time !== null) utimesSync(path, time, time);
    const { tree } = await world.take();
    writeFileSync(path, "middle");
    await world.restore(tree);
    writeFileSync(path, "behind");
    const after = await world.take(tree);
    expect(after).toMatchObject({ unchanged: false, changes: { changed: 1 }, bytes_read: 6 });
  });

  it("a file whose time is still to come is read again: a change might not show in it [checkpoints.restore]", async () => {
    const path = join(world.files, "file");
    const soon = new Date(Date.now() + 3_600_000);
    writeFileSync(path, "before");
    utimesSync(path, soon, soon);
    const { tree } = await world.take();
    writeFileSync(path, "middle");
    await world.restore(tree);
    expect(await world.take(tree)).toMatchObject({ unchanged: true, bytes_read: 6 });
  });

  it("a file that got another mode meanwhile is looked at again [checkpoints.restore]", async () => {
    const path = join(world.files, "file");
    writeFileSync(path, "content", { mode: 0o644 });
    utimesSync(path, LONG_AGO, LONG_AGO);
    const { tree } = await world.take();
    writeFileSync(path, "another");
    await world.restore(tree);
    // Later than the clock is coarse: a change time of its own.
    await new Promise((resolve) => setTimeout(resolve, 25));
    chmodSync(path, 0o755);
    expect(await world.take(tree)).toMatchObject({ unchanged: false, changes: { changed: 1 } });
  });
});
