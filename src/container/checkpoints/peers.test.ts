// The data losses that neighbours are known for, each by the name under which it was reported.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckpointWorld, createCheckpointWorld } from "../../../test/support/checkpoint-world.ts";
import { lookAtTree } from "../../../test/support/tree-look.ts";

let world: CheckpointWorld;
beforeEach(async () => {
  world = await createCheckpointWorld();
});
afterEach(() => world.close());

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(world.files, path)), { recursive: true });
  writeFileSync(join(world.files, path), content);
}
const read = (path: string): Buffer => readFileSync(join(world.files, path));
const shell = (command: string): void => void execFileSync("bash", ["-c", command], { cwd: world.files });

describe("opcode", () => {
  it("1: a later checkpoint holds the files that did not change as well [checkpoints.peers]", async () => {
    put("kept.txt", "kept");
    put("edited.txt", "one");
    const first = await world.take();
    put("edited.txt", "two!");
    const second = await world.take(first.tree);
    shell("rm kept.txt edited.txt");
    await world.restore(second.tree);
    expect(read("kept.txt").toString()).toBe("kept");
    expect(read("edited.txt").toString()).toBe("two!");
  });

  it("2: files that are no text come back with every byte [checkpoints.peers]", async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 37) % 256));
    put("image.png", bytes);
    const { tree } = await world.take();
    put("image.png", "spoilt");
    await world.restore(tree);
    expect(read("image.png").equals(bytes)).toBe(true);
  });

  it("3: a/b.c and a_b.c are two files [checkpoints.peers]", async () => {
    put("a/b.c", "in the folder");
    put("a_b.c", "beside it");
    const { tree } = await world.take();
    world.replaceSandbox();
    await world.restore(tree);
    expect([read("a/b.c").toString(), read("a_b.c").toString()]).toEqual(["in the folder", "beside it"]);
  });

  it("4: a missing piece is an error, never an empty file [checkpoints.peers]", async () => {
    put("a.txt", "content");
    const { tree } = await world.take();
    put("a.txt", "mine");
    world.edge.packs.clear();
    world.forgetPacks();
    await expect(world.restore(tree)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    expect(read("a.txt").toString()).toBe("mine");
  });

  it("5: hidden folders are kept, and a large ignored one is left out only when the project says so [checkpoints.peers]", async () => {
    put(".github/workflows/ci.yml", "on: push");
    put(".claude/settings.json", "{}");
    put("node_modules/left/index.js", "left");
    put(".gitignore", "node_modules\n");
    const all = await world.take();
    expect(all.tree.files).toBe(4);
    put(".berthignore", "node_modules/\n");
    const some = await world.take(all.tree);
    expect(some.tree.files).toBe(4);
    world.replaceSandbox();
    await world.restore(some.tree);
    expect(readdirSync(world.files).sort()).toEqual([".berthignore", ".claude", ".github", ".gitignore"]);
    await world.restore(all.tree);
    expect(read("node_modules/left/index.js").toString()).toBe("left");
  });

  it("6: what a command did is in it, whatever the command is called [checkpoints.peers]", async () => {
    const first = await world.take();
    shell(
      'python3 -c \'open("made.txt","w").write("by a program")\'; mkdir -p deep/er; echo x | tee deep/er/t >/dev/null',
    );
    const second = await world.take(first.tree);
    expect(second.changes).toEqual({ added: 4, changed: 0, removed: 0 });
  });
});

describe("container-use", () => {
  it("keeps pictures, archives, programs and logs, and folders called build, dist, target, env, .venv, node_modules [checkpoints.peers]", async () => {
    const names = [
      "a.svg",
      "b.png",
      "c.pdf",
      "d.so",
      "e.zip",
      "f.log",
      "build/x",
      "dist/x",
      "target/x",
      "env/x",
      ".env",
      ".venv/x",
      "node_modules/x",
    ];
    for (const name of names) put(name, Buffer.from([0, 1, 2, ...Buffer.from(name)]));
    put("large.bin", Buffer.alloc(6_000_000, 7));
    const before = lookAtTree(world.files);
    const { tree } = await world.take();
    world.replaceSandbox();
    await world.restore(tree);
    expect(lookAtTree(world.files)).toEqual(before);
  });
});

describe("Claude Code's /rewind", () => {
  it("#94657, #87575: edits made by commands and by other programs come back, with folders, links of both kinds and modes [checkpoints.peers]", async () => {
    put("src/a.txt", "first");
    shell("mkdir empty; ln -s src/a.txt link; ln src/a.txt second-name; chmod 750 src");
    const before = lookAtTree(world.files);
    const { tree } = await world.take();
    shell("sed -i s/first/second/ src/a.txt; rmdir empty; rm link; rm -r src; chmod 700 .");
    await world.restore(tree);
    expect(lookAtTree(world.files)).toEqual(before);
  });

  it("more than a hundred checkpoints are kept, and the first is as good as the last [checkpoints.peers]", async () => {
    let newest = await world.take();
    put("count.txt", "0");
    const first = await world.take(newest.tree);
    for (let count = 1; count <= 110; count++) {
      put("count.txt", String(count).padStart(count, "0"));
      newest = await world.take(newest.tree);
    }
    await world.restore(first.tree);
    expect(read("count.txt").toString()).toBe("0");
    await world.restore(newest.tree);
    expect(read("count.txt").length).toBe(110);
  });
});

describe("others", () => {
  it("cline#1213, #14367: a restore of one file leaves the person's other files alone [checkpoints.peers]", async () => {
    put("theirs.txt", "from Claude");
    const { tree } = await world.take();
    put("mine.txt", "written since");
    put("theirs.txt", "spoilt");
    await world.restore(tree, { paths: ["theirs.txt"] });
    expect(read("mine.txt").toString()).toBe("written since");
    expect(read("theirs.txt").toString()).toBe("from Claude");
  });

  it("hermes-agent#95610: nothing is deleted before everything new is there [checkpoints.peers]", async () => {
    put("wanted.txt", "wanted");
    const { tree } = await world.take();
    shell("rm wanted.txt");
    put("unwanted.txt", "but all I have");
    // The list of files is read, the content is not to be had.
    const [listPack] = tree.chunks.map(({ pack }) => pack);
    const gone = tree.packs.filter((pack) => pack !== listPack);
    for (const pack of gone) world.edge.packs.delete(pack);
    world.forgetPacks();
    if (gone.length === 0) world.edge.fail(({ method, count }) => (method === "GET" && count > 0 ? 404 : null));
    await expect(world.restore(tree)).rejects.toThrow(/pack|list/i);
    expect(readdirSync(world.files)).toEqual(["unwanted.txt"]);
  });

  it("cline#4851: a stored piece that is empty or cut is found out, and not restored [checkpoints.peers]", async () => {
    put("a.txt", "content");
    const { tree } = await world.take();
    put("a.txt", "mine!!!");
    for (const [name, pack] of world.edge.packs) world.edge.packs.set(name, pack.subarray(0, 5));
    world.forgetPacks();
    await expect(world.restore(tree)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    expect(read("a.txt").toString()).toBe("mine!!!");
  });

  it("moltworker#230: dotfiles at the top, and what stands beside something that cannot be kept, are in it [checkpoints.peers]", async () => {
    put(".gitconfig", "[user]");
    put("z.txt", "after it");
    shell("python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind(\"live.sock\")'");
    symlinkSync("nowhere", join(world.files, "dangling"));
    const { tree } = await world.take();
    expect(tree.omitted).toEqual([{ path: "live.sock", reason: "socket" }]);
    world.replaceSandbox();
    await world.restore(tree);
    expect(existsSync(join(world.files, ".gitconfig"))).toBe(true);
    expect(readdirSync(world.files).sort()).toEqual([".gitconfig", "dangling", "z.txt"]);
  });

  it("kilocode#2382: a checkpoint is the state at its moment, neither the one before nor the one after [checkpoints.peers]", async () => {
    put("a.txt", "before");
    const before = await world.take();
    put("a.txt", "afterwards");
    const after = await world.take(before.tree);
    await world.restore(before.tree);
    expect(read("a.txt").toString()).toBe("before");
    await world.restore(after.tree);
    expect(read("a.txt").toString()).toBe("afterwards");
  });
});
