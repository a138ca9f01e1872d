// What is not as it should be while a checkpoint is taken or read: files that change, folders that go, a full disk, damage.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type CheckpointBench, readTree, startCheckpointBench } from "../../../test/support/checkpoint-bench.ts";
import { statCachePath } from "./stat-cache.ts";
import { walkTree } from "./walk/walk-tree.ts";

let bench: CheckpointBench;
beforeEach(async () => void (bench = await startCheckpointBench()));
afterEach(() => bench.stop());

const file = (name: string, content: string | Buffer = randomBytes(1000)) => writeFileSync(bench.path(name), content);

/** Changes things without a pause, as a program in the sandbox would, until it is stopped, its test ends, or a minute has gone by. */
function meddle(script: string): { stop(): Promise<void> } {
  const loop = `for (let [n, end] = [0, Date.now() + 60_000]; Date.now() < end; n++) { ${script} }`;
  const child = spawn(process.execPath, ["-e", `const fs = require("fs"); ${loop}`], {
    cwd: bench.workspaceDir,
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return {
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

describe("a file that changes while it is read", () => {
  it("once, is read again and kept as it is then [checkpoints.peers]", async () => {
    file("log", randomBytes(60_000_000));
    // Uploads hold the reading up, so that the change falls into it.
    bench.edge.delay(150);
    setTimeout(() => appendFileSync(bench.path("log"), "the last line"), 200);
    const taken = await bench.take();
    expect(taken.unstable_files).toBe(0);
    expect(taken.bytes_read).toBeGreaterThan(60_000_013);
    const [read] = await readTree(bench.context, taken.tree);
    expect(read?.content?.equals(readFileSync(bench.path("log")))).toBe(true);
  });

  it("each time, is kept as last read, counted, and read again the next time [checkpoints.peers]", async () => {
    file("busy", randomBytes(8_000_000));
    file("calm");
    const meddler = meddle(`fs.appendFileSync("busy", "x")`);
    await expect.poll(() => statSync(bench.path("busy")).size, { timeout: 10_000 }).toBeGreaterThan(8_000_000);
    const taken = await bench.take();
    await meddler.stop();
    expect(taken.unstable_files).toBe(1);
    const read = await readTree(bench.context, taken.tree);
    const busy = read.find(({ path }) => path === "busy");
    const length = busy?.content?.length ?? 0;
    expect(length).toBeGreaterThanOrEqual(8_000_000);
    expect(
      readFileSync(bench.path("busy"))
        .subarray(0, length)
        .equals(busy?.content ?? Buffer.alloc(0)),
    ).toBe(true);
    await pause(60);
    expect((await bench.take(taken.tree)).files_read).toBeGreaterThan(0);
  });
});

describe("a workspace that changes all the time", () => {
  it("gets checkpoints that hold together, whatever they caught [checkpoints.bad_input]", async () => {
    for (let index = 0; index < 300; index++) file(`file-${index}`);
    mkdirSync(bench.path("here"));
    for (let index = 0; index < 50; index++) file(`here/${index}`);
    const meddler = meddle(`
      try {
        fs.renameSync(n % 2 ? "there" : "here", n % 2 ? "here" : "there");
        fs.writeFileSync("file-" + (n % 300), String(n).repeat(n % 5000));
        fs.rmSync("file-" + ((n * 7) % 300), { force: true });
        fs.rmSync("turn", { recursive: true, force: true });
        if (n % 3 == 0) fs.mkdirSync("turn"); else if (n % 3 == 1) fs.symlinkSync("/etc", "turn"); else fs.writeFileSync("turn", "x");
      } catch {}
    `);
    let parent = null;
    for (let round = 0; round < 8; round++) {
      const taken = await bench.take(parent);
      const read = await readTree(bench.context, taken.tree);
      expect(read.some(({ path }) => path.startsWith("turn/"))).toBe(false);
      expect(read.filter(({ entry }) => entry.type === "file").length).toBe(taken.tree.files);
      parent = taken.tree;
    }
    await meddler.stop();
    await pause(60);
    const last = await bench.take(parent);
    const read = await readTree(bench.context, last.tree);
    for (const { path, content } of read.filter(({ entry }) => entry.type === "file")) {
      expect(content?.equals(readFileSync(bench.path(path)))).toBe(true);
    }
    expect(read.map(({ path }) => path)).toEqual(
      [...walkTree(bench.workspaceDir)].map(({ path }) => path.toString("latin1")),
    );
  });
});

describe("the walk", () => {
  it("does not look into what took a folder's place since it was seen [checkpoints.outside]", () => {
    mkdirSync(join(bench.folder, "outside"));
    writeFileSync(join(bench.folder, "outside", "secret"), "x");
    mkdirSync(bench.path("turn"));
    file("turn/own");
    const paths: string[] = [];
    for (const { path } of walkTree(bench.workspaceDir)) {
      paths.push(path.toString());
      if (paths.length > 1) continue;
      rmSync(bench.path("turn"), { recursive: true });
      symlinkSync("../outside", bench.path("turn"));
    }
    expect(paths).toEqual(["turn"]);
  });

  it("follows no link, and leaves out what a restore keeps aside [checkpoints.outside]", () => {
    mkdirSync(join(bench.folder, "outside"));
    writeFileSync(join(bench.folder, "outside", "secret"), "x");
    symlinkSync("../outside", bench.path("link"));
    mkdirSync(bench.path(".berth-restore-1"));
    file(".berth-restore-1/half");
    mkdirSync(bench.path("sub"));
    file("sub/.berth-restore-1");
    const paths = [...walkTree(bench.workspaceDir)].map(({ path }) => path.toString());
    expect(paths).toEqual(["link", "sub", "sub/.berth-restore-1"]);
  });

  it("goes as deep as the disk does [checkpoints.tree]", async () => {
    const deep = Array.from({ length: 1200 }, () => "d").join("/");
    mkdirSync(bench.path(deep), { recursive: true });
    file(`${deep}/f`, "deep");
    const read = await readTree(bench.context, (await bench.take()).tree);
    expect(read).toHaveLength(1201);
    expect(read.at(-1)?.content?.toString()).toBe("deep");
  });
});

describe("a full disk", () => {
  it("is said so, and keeps what was remembered before [checkpoints.bad_input]", async () => {
    file("one");
    await pause(60);
    const first = await bench.take();
    symlinkSync("/dev/full", `${statCachePath(bench.stateDir)}.new`);
    file("two");
    await expect(bench.take(first.tree)).rejects.toMatchObject({ code: "disk_full" });
    rmSync(`${statCachePath(bench.stateDir)}.new`, { force: true });
    expect(await bench.take(first.tree)).toMatchObject({
      files_read: 1,
      changes: { added: 1, changed: 0, removed: 0 },
    });
  });
});

/** Of thirty files. */
const [SMALL, LARGE] = [30_000, 60_000];

describe("a stored pack", () => {
  /** A small one holds the list of files as well. */
  async function damaged(bytesEach: number, harm: (pack: Buffer, sha256: string) => void): Promise<unknown> {
    for (let index = 0; index < 30; index++) file(`file-${index}`, randomBytes(bytesEach));
    const { tree } = await bench.take();
    expect(tree.packs).toHaveLength(bytesEach === SMALL ? 1 : 2);
    const [chunk] = tree.chunks;
    const content = tree.packs.find((pack) => pack !== chunk?.pack) ?? tree.packs[0] ?? "";
    harm(bench.edge.packs.get(content) ?? Buffer.alloc(0), content);
    bench.forgetPacks();
    const failure = await readTree(bench.context, tree).catch((error: unknown) => error);
    expect(String(failure)).toContain(content);
    return failure;
  }

  it.each([SMALL, LARGE])(
    "with one bit flipped is found, and pack and path are named: files of %d bytes [checkpoints.bad_input]",
    async (bytesEach) => {
      const failure = await damaged(bytesEach, (pack) => void (pack[50_000] = (pack[50_000] ?? 0) ^ 4));
      expect(failure).toMatchObject({ code: "checkpoint_damaged" });
      expect(String(failure)).toMatch(/file-\d/);
    },
  );

  it.each([SMALL, LARGE])(
    "that is cut or missing is named: files of %d bytes [checkpoints.bad_input]",
    async (bytesEach) => {
      const cut = await damaged(bytesEach, (pack, sha256) => bench.edge.packs.set(sha256, pack.subarray(0, 1000)));
      expect(cut).toMatchObject({ code: "checkpoint_damaged" });
      const missing = await damaged(bytesEach, (_pack, sha256) => bench.edge.packs.delete(sha256));
      expect(missing).toMatchObject({ code: "checkpoint_damaged" });
    },
  );

  it("is asked for again when the edge fails for a moment, and with a new token after a 401", async () => {
    file("one");
    const { tree } = await bench.take();
    bench.forgetPacks();
    bench.edge.fail(({ method, count }) => (method === "GET" && count === 1 ? 500 : null));
    bench.edge.accept((token) => token !== "read-1");
    const [read] = await readTree(bench.context, tree);
    expect(read?.content?.equals(readFileSync(bench.path("one")))).toBe(true);
    expect(bench.told.renewed).toBe(1);
  });

  it("of the parent that is damaged stops a checkpoint that needs it, not one that trusts nothing", async () => {
    file("one");
    const { tree } = await bench.take();
    rmSync(statCachePath(bench.stateDir));
    bench.forgetPacks();
    bench.edge.packs.clear();
    await expect(bench.take(tree)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    const whole = await bench.take(tree, { full: true });
    expect(await readTree(bench.context, whole.tree)).toHaveLength(1);
  });
});
