// What an undo reads from this disk, and what becomes of it when the disk lies.
import { createHash, randomBytes } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckpointBench, startCheckpointBench } from "../../../../test/support/checkpoint-bench.ts";
import type { Tree } from "../../../shared/checkpoints/format.ts";
import { restoreTree } from "../restore/restore-tree.ts";
import { createPackKeeper, readKeptPack } from "./pack-cache.ts";

let bench: CheckpointBench;
beforeEach(async () => void (bench = await startCheckpointBench()));
afterEach(() => bench.stop());

const folder = () => join(bench.stateDir, "packs");
const keptPacks = () => readdirSync(folder()).map((name) => join(folder(), name));
const restore = (tree: Tree) => {
  const request = { operation_id: bench.context.operationId, tree, paths: null, dry_run: false };
  return restoreTree({ ...request, tokens: { write: null, read: null } }, bench.context);
};

async function takeAndChange(): Promise<Tree> {
  for (const name of ["a", "b", "c"]) writeFileSync(bench.path(name), `${name} as it was`);
  const { tree } = await bench.take();
  writeFileSync(bench.path("a"), "changed");
  rmSync(bench.path("b"));
  return tree;
}

function expectRestored(): void {
  for (const name of ["a", "b", "c"]) expect(readFileSync(bench.path(name), "utf8")).toBe(`${name} as it was`);
}

describe("a pack that this sandbox has stored", () => {
  it("is read here, and not over the network [checkpoints.restore]", async () => {
    await restore(await takeAndChange());
    expectRestored();
    expect(bench.edge.bytesRead()).toBe(0);
  });

  it.each([
    [
      "flipped",
      (path: string) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte) => byte ^ 0xff),
        ),
    ],
    ["cut off", (path: string) => truncateSync(path, 20)],
    ["gone", (path: string) => rmSync(path)],
    ["a link to something else", (path: string) => replace(path, () => symlinkSync("/etc/hostname", path))],
    ["a folder", (path: string) => replace(path, () => mkdirSync(path))],
  ])("and that is %s since is fetched [checkpoints.bad_input]", async (_how, spoil) => {
    const tree = await takeAndChange();
    keptPacks().forEach(spoil);
    await restore(tree);
    expectRestored();
    expect(bench.edge.bytesRead()).toBeGreaterThan(0);
  });

  it("and that is damaged here and there is named, and overwrites nothing [checkpoints.bad_input]", async () => {
    const tree = await takeAndChange();
    for (const path of keptPacks())
      writeFileSync(
        path,
        readFileSync(path).map((byte) => byte ^ 0xff),
      );
    for (const pack of bench.edge.packs.values()) pack.fill(0);
    await expect(restore(tree)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    expect(readFileSync(bench.path("a"), "utf8")).toBe("changed");
  });
});

describe("the packs on this disk", () => {
  const MB = 1024 * 1024;
  const pack = (bytes: number) => {
    const content = randomBytes(bytes);
    return { sha256: createHash("sha256").update(content).digest("hex"), parts: [content], bytes };
  };

  it("take 64 MB, those stored last, and of one checkpoint its beginning [checkpoints.restore]", () => {
    const early = pack(10 * MB);
    createPackKeeper(bench.stateDir).keep(early);
    const keeper = createPackKeeper(bench.stateDir);
    const packs = Array.from({ length: 5 }, () => pack(14 * MB));
    for (const one of packs) keeper.keep(one);
    const kept = packs.map(({ sha256 }) => readKeptPack(bench.stateDir, sha256, { from: 5, to: 9 }));
    expect(kept.map((bytes) => bytes !== null)).toEqual([true, true, true, true, false]);
    expect(kept[0]).toEqual(packs[0]?.parts[0]?.subarray(5, 9));
    expect(readKeptPack(bench.stateDir, early.sha256, { from: 0, to: 1 })).toBeNull();
    expect(keptPacks().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThanOrEqual(64 * MB);
  });

  it("do without a folder that cannot be written [checkpoints.cut_off]", () => {
    writeFileSync(folder(), "a file in its place");
    createPackKeeper(bench.stateDir).keep(pack(100));
    expect(readKeptPack(bench.stateDir, "0".repeat(64), { from: 0, to: 1 })).toBeNull();
  });
});

function replace(path: string, make: () => void): void {
  rmSync(path);
  make();
}
