// Taking checkpoints: what is kept, what is read and stored again, and what is named when it cannot be kept.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckpointBench, readTree, startCheckpointBench } from "../../../test/support/checkpoint-bench.ts";
import type { Tree } from "../../shared/checkpoints/format.ts";
import { comparePaths } from "../../shared/checkpoints/path-bytes.ts";
import { isChangedSince } from "./is-changed.ts";
import { statCachePath } from "./stat-cache.ts";

let bench: CheckpointBench;
beforeEach(async () => void (bench = await startCheckpointBench()));
afterEach(() => bench.stop());

/** Long enough for a time on the disk to be past all doubt. */
const settle = () => pause(60);

function file(name: string, content: string | Buffer = `content of ${name}`): void {
  mkdirSync(join(bench.path(name), ".."), { recursive: true });
  writeFileSync(bench.path(name), content);
}
const hashesOf = ({ chunks }: Tree) => new Set(chunks.map(({ sha256 }) => sha256));
const bytesStored = ({ stored }: { stored: { bytes: number }[] }) => stored.reduce((sum, { bytes }) => sum + bytes, 0);

function someFiles(count: number, bytes = 20_000): void {
  for (let index = 0; index < count; index++) file(`dir-${index % 7}/file-${index}`, randomBytes(bytes));
}

describe("a checkpoint", () => {
  it("holds everything, sorted by the bytes of whole paths [checkpoints.tree]", async () => {
    file("a/b", "1");
    file("a-b", "2");
    file("a.txt", "3");
    file("a/b-c/d", "");
    file("large", randomBytes(9_000_000));
    mkdirSync(bench.path("empty"));
    symlinkSync("../nowhere", bench.path("link"));
    execFileSync("mkfifo", [bench.path("pipe")]);
    chmodSync(bench.path("a.txt"), 0o4751);
    utimesSync(bench.path("a-b"), new Date(-5000), new Date(-5000));
    const { tree, unchanged, changes } = await bench.take();
    const read = await readTree(bench.context, tree);
    expect(read.map(({ path }) => path)).toEqual([
      "a",
      "a-b",
      "a.txt",
      "a/b",
      "a/b-c",
      "a/b-c/d",
      "empty",
      "large",
      "link",
      "pipe",
    ]);
    const by = new Map(read.map((one) => [one.path, one]));
    for (const name of ["a/b", "a-b", "a.txt", "a/b-c/d", "large"]) {
      expect(by.get(name)?.content?.equals(readFileSync(bench.path(name)))).toBe(true);
    }
    expect(by.get("a.txt")?.entry.mode).toBe(0o4751);
    expect(by.get("a-b")?.entry.mtimeUs).toBe(-5_000_000);
    expect(by.get("pipe")?.entry.type).toBe("fifo");
    const link = by.get("link")?.entry;
    expect(link?.type === "symlink" && Buffer.from(link.target).toString()).toBe("../nowhere");
    expect({ unchanged, changes }).toEqual({ unchanged: false, changes: { added: 10, changed: 0, removed: 0 } });
    expect(tree).toMatchObject({ files: 5, directories: 3, others: 2, omitted_count: 0 });
    expect([...bench.edge.packs.keys()].sort()).toEqual(tree.packs);
    expect(bench.told.captured).toBe(1);
  });

  it("of an empty workspace has no chunks, and is unchanged the second time", async () => {
    const first = await bench.take();
    expect(first.tree).toMatchObject({ chunks: [], packs: [], files: 0 });
    expect((await bench.take(first.tree)).unchanged).toBe(true);
  });

  it("keeps names as the disk has them: no UTF-8, newlines, case twins [checkpoints.names]", async () => {
    const names = ["\xff\xfe", "line\nbreak", "A", "a", " ", "*?[", "é".normalize("NFD"), "..."];
    for (const name of names) writeFileSync(Buffer.from(`${bench.workspaceDir}/${name}`, "latin1"), name);
    const read = await readTree(bench.context, (await bench.take()).tree);
    expect(read.map(({ path }) => path)).toEqual(
      names.map((name) => Buffer.from(name, "latin1").toString("latin1")).sort(),
    );
    expect(read.map(({ entry }) => entry.path).toSorted(comparePaths)).toEqual(read.map(({ entry }) => entry.path));
  });
});

describe("a small checkpoint", () => {
  it("is one pack, which its list lies in as well [checkpoints.tree] [checkpoints.unchanged]", async () => {
    someFiles(300, 1_000);
    await settle();
    const first = await bench.take();
    expect(first.tree.packs).toEqual(first.stored.map(({ sha256 }) => sha256));
    expect(first.stored).toHaveLength(1);
    expect(first.tree.chunks.every(({ stored_sha256 }) => stored_sha256 !== undefined)).toBe(true);
    appendFileSync(bench.path("dir-0/file-0"), "more");
    await settle();
    const second = await bench.take(first.tree);
    expect(second.stored).toHaveLength(1);
    // The parts that did not change are the parent's own, as they are stored there.
    const [changed, ...others] = second.tree.chunks.filter(({ sha256 }) => !hashesOf(first.tree).has(sha256));
    expect(others).toEqual([]);
    expect(changed?.pack).toBe(second.stored[0]?.sha256);
    expect(await bench.take(second.tree)).toMatchObject({ unchanged: true, files_read: 0, stored: [] });
    const read = await readTree(bench.context, second.tree);
    expect(
      read
        .find(({ path }) => path === "dir-0/file-0")
        ?.content?.subarray(-4)
        .toString(),
    ).toBe("more");
  });

  it("whose list is said to lie in another pack, or to say something else, is damaged [checkpoints.bad_input]", async () => {
    someFiles(30, 1_000);
    const { tree } = await bench.take();
    const [chunk] = tree.chunks;
    if (chunk === undefined) throw new Error("there is no list");
    const twin = Buffer.concat([bench.edge.packs.get(chunk.pack) ?? Buffer.alloc(0), Buffer.from("tail")]);
    const pack = createHash("sha256").update(twin).digest("hex");
    bench.edge.packs.set(pack, twin);
    bench.forgetPacks();
    for (const wrong of [{ pack }, { sha256: "0".repeat(64) }, { stored_sha256: undefined }]) {
      const other = { ...tree, chunks: [{ ...chunk, ...wrong }, ...tree.chunks.slice(1)] };
      await expect(readTree(bench.context, other)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    }
  });
});

describe("what has not changed", () => {
  it("is neither read nor stored again, nor asked for at the edge [checkpoints.unchanged]", async () => {
    someFiles(300);
    await settle();
    const first = await bench.take();
    const before = bench.edge.requests.length;
    const second = await bench.take(first.tree);
    expect(second).toMatchObject({ unchanged: true, files_read: 0, bytes_read: 0, stored: [] });
    expect(second.tree).toEqual(first.tree);
    expect(bench.edge.requests.length).toBe(before);
    expect(isChangedSince(first.tree, bench.context)).toBe(false);
  });

  it("costs little beside ten edits [checkpoints.unchanged]", async () => {
    someFiles(500, 5000);
    await settle();
    const first = await bench.take();
    for (let index = 0; index < 10; index++) appendFileSync(bench.path(`dir-${index % 7}/file-${index}`), "more");
    const second = await bench.take(first.tree);
    expect(second).toMatchObject({ files_read: 10, changes: { added: 0, changed: 10, removed: 0 }, unchanged: false });
    expect(bytesStored(second)).toBeLessThan(bytesStored(first) / 15);
    const read = await readTree(bench.context, second.tree);
    for (const { path, content } of read.filter(({ entry }) => entry.type === "file")) {
      expect(content?.equals(readFileSync(bench.path(path)))).toBe(true);
    }
  });

  it("is read again where a time is too young to say [checkpoints.unchanged]", async () => {
    file("quiet");
    await settle();
    file("young", "one");
    const first = await bench.take();
    // Of the same size, with the same time: only the content says that it is another.
    const second = await bench.take(first.tree);
    expect(second).toMatchObject({ unchanged: true, files_read: 1 });
    await settle();
    await bench.take(second.tree);
    expect(await bench.take(second.tree)).toMatchObject({ unchanged: true, files_read: 0 });
  });

  it("is found out although size and mtime are the old ones [checkpoints.unchanged]", async () => {
    file("same", "before");
    const time = new Date("2020-01-01");
    utimesSync(bench.path("same"), time, time);
    await settle();
    const first = await bench.take();
    file("same", "beyond");
    utimesSync(bench.path("same"), time, time);
    const second = await bench.take(first.tree);
    expect(second.changes).toEqual({ added: 0, changed: 1, removed: 0 });
    expect(isChangedSince(first.tree, bench.context)).toBe(true);
  });

  it("is known by the parent's list where this machine remembers nothing, or something damaged [checkpoints.unchanged]", async () => {
    someFiles(50);
    await settle();
    const first = await bench.take();
    const cache = readFileSync(statCachePath(bench.stateDir));
    for (const damage of ["none", "cut", "flipped"]) {
      if (damage === "none") rmSync(statCachePath(bench.stateDir));
      if (damage === "cut") writeFileSync(statCachePath(bench.stateDir), cache.subarray(0, cache.length - 9));
      if (damage === "flipped") {
        const flipped = Buffer.from(cache);
        flipped[700] = (flipped[700] ?? 0) ^ 1;
        writeFileSync(statCachePath(bench.stateDir), flipped);
      }
      expect(isChangedSince(first.tree, bench.context)).toBe(true);
      expect(await bench.take(first.tree)).toMatchObject({ unchanged: true, files_read: 50, stored: [] });
      expect(await bench.take(first.tree)).toMatchObject({ unchanged: true, files_read: 0 });
    }
  });

  it("is known against another parent than the last one [checkpoints.unchanged]", async () => {
    someFiles(20);
    await settle();
    const first = await bench.take();
    file("new");
    rmSync(bench.path("dir-0/file-0"));
    await settle();
    const second = await bench.take(first.tree);
    const third = await bench.take(first.tree);
    expect(third).toMatchObject({ files_read: 1, changes: { added: 1, changed: 0, removed: 1 } });
    const listed = async (tree: typeof first.tree) => (await readTree(bench.context, tree)).map(({ path }) => path);
    expect(await listed(third.tree)).toEqual(await listed(second.tree));
  });

  it("is stored anew when nothing is to be trusted", async () => {
    someFiles(10);
    await settle();
    const first = await bench.take();
    bench.edge.packs.clear();
    const whole = await bench.take(first.tree, { full: true });
    expect(whole).toMatchObject({ files_read: 10, changes: { added: 0, changed: 0, removed: 0 } });
    expect([...bench.edge.packs.keys()].sort()).toEqual(whole.tree.packs);
  });
});

describe("content that is there twice", () => {
  it("is stored once: copies, renames, moved folders [checkpoints.unchanged]", async () => {
    someFiles(40);
    file("twin/one", randomBytes(300_000));
    copyFileSync(bench.path("twin/one"), bench.path("twin/two"));
    const first = await bench.take();
    expect(bytesStored(first)).toBeLessThan(40 * 20_000 + 300_000 + 60_000);
    renameSync(bench.path("dir-1"), bench.path("moved"));
    copyFileSync(bench.path("twin/one"), bench.path("twin/three"));
    const second = await bench.take(first.tree);
    expect(bytesStored(second)).toBeLessThan(40_000);
    const read = await readTree(bench.context, second.tree);
    expect(read.find(({ path }) => path === "twin/three")?.content?.length).toBe(300_000);
    expect(read.some(({ path }) => path.startsWith("dir-1"))).toBe(false);
  });

  it("of a large file with something put in near its beginning is stored but for the cut around it", async () => {
    const content = randomBytes(24_000_000);
    file("large", content);
    const first = await bench.take();
    file("large", Buffer.concat([content.subarray(0, 1000), Buffer.from("put in"), content.subarray(1000)]));
    const second = await bench.take(first.tree);
    expect(bytesStored(second)).toBeLessThan(9_000_000);
    const [read] = await readTree(bench.context, second.tree);
    expect(read?.content?.equals(readFileSync(bench.path("large")))).toBe(true);
  });

  it("by hard links is read once, and the first name in order holds it [checkpoints.tree]", async () => {
    file("b/first", randomBytes(100_000));
    linkSync(bench.path("b/first"), bench.path("a"));
    linkSync(bench.path("b/first"), bench.path("c"));
    await settle();
    const first = await bench.take();
    expect(first).toMatchObject({ files_read: 1, bytes_read: 100_000 });
    const links = async (tree: typeof first.tree) =>
      (await readTree(bench.context, tree))
        .filter(({ entry }) => entry.type === "file")
        .map(({ path, entry, content }) => [
          path,
          entry.type === "file" && entry.hardLinkOf !== null ? Buffer.from(entry.hardLinkOf).toString() : null,
          content?.length,
        ]);
    expect(await links(first.tree)).toEqual([
      ["a", null, 100_000],
      ["b/first", "a", 100_000],
      ["c", "a", 100_000],
    ]);
    expect(await bench.take(first.tree)).toMatchObject({ unchanged: true, files_read: 0 });
    // Nothing of the file itself changes when a folder around its first name does.
    mkdirSync(bench.path("0"));
    renameSync(bench.path("b"), bench.path("0/b"));
    unlinkSync(bench.path("a"));
    const second = await bench.take(first.tree);
    expect(await links(second.tree)).toEqual([
      ["0/b/first", null, 100_000],
      ["c", "0/b/first", 100_000],
    ]);
  });
});

describe("holes", () => {
  it("cost next to nothing, and the file is known to have some [checkpoints.tree]", async () => {
    file("sparse", "begin");
    truncateSync(bench.path("sparse"), 100_000_000);
    appendFileSync(bench.path("sparse"), "end");
    const { tree, stored } = await bench.take();
    expect(bytesStored({ stored })).toBeLessThan(100_000);
    const [read] = await readTree(bench.context, tree);
    expect(read?.entry).toMatchObject({ type: "file", sparse: true, size: 100_000_003 });
    expect(read?.content?.subarray(-3).toString()).toBe("end");
  });
});

describe("what cannot be kept", () => {
  it("is named with its reason: sockets [checkpoints.ignore]", async () => {
    file("kept");
    const server = createServer().listen(bench.path("socket"));
    await pause(50);
    const { tree } = await bench.take();
    server.close();
    expect(tree.omitted).toEqual([{ path: "socket", reason: "socket" }]);
    expect(tree.files).toBe(1);
  });
});

describe(".berthignore", () => {
  it("leaves out what it says and nothing else, at any level, and is kept itself [checkpoints.ignore]", async () => {
    file(".berthignore", "*.log\n!keep.log\nbuild/\n/top\n.berthignore\n");
    file("sub/.berthignore", "!again.log\nonly-here\n");
    for (const name of ["a.log", "keep.log", "top", "sub/top", "sub/again.log", "sub/b.log", "only-here"]) file(name);
    for (const name of ["sub/only-here", "build/x", "sub/build/x", "built", ".git/config", ".hidden", "Build"])
      file(name);
    const { tree } = await bench.take();
    const read = await readTree(bench.context, tree);
    expect(read.filter(({ entry }) => entry.type === "file").map(({ path }) => path)).toEqual([
      ".berthignore",
      ".git/config",
      ".hidden",
      "Build",
      "built",
      "keep.log",
      "only-here",
      "sub/.berthignore",
      "sub/again.log",
      "sub/top",
    ]);
    expect(tree.omitted_count).toBe(0);
  });
});
