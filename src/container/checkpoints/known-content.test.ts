// Content that the parent has is named and not stored again, whether a few files bring it or many, in whatever places.
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckpointBench, readTree, startCheckpointBench } from "../../../test/support/checkpoint-bench.ts";
import { createStatCacheWriter, readStatCache } from "./stat-cache.ts";

let bench: CheckpointBench;
beforeEach(async () => void (bench = await startCheckpointBench()));
afterEach(() => bench.stop());

const settle = () => pause(60);

/** What each read adds to a search of 32 bytes. */
const PART_BYTES = 256 * 1024 - 31;

/** Larger than what else a checkpoint stores: the list of files. */
const CONTENT_BYTES = 100_000;

describe("content that is known", () => {
  it.each([1, 16, 17, 40])("is not stored again for %d files of it [checkpoints.unchanged]", async (count) => {
    const names = Array.from({ length: 45 }, (_, index) => `before/file-${index}`);
    mkdirSync(bench.path("before"));
    mkdirSync(bench.path("after"));
    for (const name of names) writeFileSync(bench.path(name), randomBytes(CONTENT_BYTES));
    await settle();
    const first = await bench.take();
    const copied = names.slice(0, count);
    for (const name of copied) copyFileSync(bench.path(name), bench.path(name.replace("before", "after")));
    writeFileSync(bench.path("after/new"), randomBytes(CONTENT_BYTES));
    await settle();
    const second = await bench.take(first.tree);
    const bytes = second.stored.reduce((sum, pack) => sum + pack.bytes, 0);
    expect(second.files_read).toBe(count + 1);
    expect(bytes).toBeGreaterThan(CONTENT_BYTES);
    expect(bytes).toBeLessThan(CONTENT_BYTES * 1.5);
    const contents = new Map((await readTree(bench.context, second.tree)).map(({ path, content }) => [path, content]));
    for (const name of copied) {
      expect(contents.get(name.replace("before", "after"))?.equals(readFileSync(bench.path(name)))).toBe(true);
    }
  });

  it("is found wherever it stands in what is known, also across two parts that are read", () => {
    const path = join(bench.stateDir, "cache");
    const writer = createStatCacheWriter(path, null);
    const entries = Array.from({ length: 9 }, () => Buffer.concat([Buffer.from([1, 1, 65]), randomBytes(99_991)]));
    for (const entry of entries) writer.add(entry, null);
    writer.commit("0".repeat(64));
    const cache = readStatCache(path);
    const file = readFileSync(path);
    // A part is 256 KB, 31 bytes of which come from the one before. Each place around their ends, and some of all others.
    const isAtAnEnd = (at: number) => (at - 256 * 1024 + PART_BYTES + 64) % PART_BYTES < 128;
    for (let at = 0; at + 32 <= file.length; at += isAtAnEnd(at) ? 1 : 127) {
      if (cache?.mentions(Buffer.from(file.subarray(at, at + 32))) !== true) expect.fail(`not found at ${at}`);
    }
    expect(cache?.mentions(Buffer.from(file.subarray(-32)))).toBe(true);
    expect(cache?.mentions(randomBytes(32))).toBe(false);
  }, 60_000);
});
