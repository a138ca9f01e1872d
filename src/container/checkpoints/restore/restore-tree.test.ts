// Restoring, with trees made by hand: what a checkpoint may say, and what it may not.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type HandMade, makeTree, packEntries } from "../../../../test/support/hand-made-tree.ts";
import { type PackEdge, startPackEdge } from "../../../../test/support/pack-edge.ts";
import { toBase64Url } from "../../../shared/checkpoints/bytes-text.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import type { RestoreTree } from "../../../shared/rpc/runner-checkpoint-api.ts";
import type { JobContext } from "../job-context.ts";
import { restoreTree } from "./restore-tree.ts";

let edge: PackEdge;
let root: string;
let workspace: string;
beforeAll(async () => {
  edge = await startPackEdge();
});
afterAll(() => edge.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-restore-"));
  workspace = join(root, "files");
  mkdirSync(workspace);
  mkdirSync(join(root, "state"));
  return () => rmSync(root, { recursive: true, force: true });
});

function context(): JobContext {
  return {
    operationId: randomUUID(),
    workspaceDir: workspace,
    stateDir: join(root, "state"),
    edgeUrl: edge.url,
    tokens: () => ({ write: "token", read: "token" }),
    renewTokens: async () => {},
    progress: () => {},
    captured: () => {},
  };
}

function restore({ tree, packs }: HandMade, options: Partial<RestoreTree> = {}) {
  for (const [name, pack] of packs) edge.packs.set(name, pack);
  const operation_id = randomUUID();
  const request = { operation_id, tree, paths: null, dry_run: false, tokens: { write: null, read: null }, ...options };
  return restoreTree(request, context());
}

const paths = (...list: string[]) => list.map((path) => toBase64Url(Buffer.from(path)));
const put = (path: string, content: string) => writeFileSync(join(workspace, path), content);
const read = (path: string) => readFileSync(join(workspace, path), "utf8");

describe("a restore's plan", () => {
  it("says what would be written, changed, touched and deleted, and changes nothing [checkpoints.plan]", async () => {
    put("same.txt", "same");
    put("other.txt", "mine");
    put("gone.txt", "x");
    const made = makeTree({ "same.txt": "same", "other.txt": "theirs", "new.txt": "new" });
    const { plan, applied } = await restore(made, { dry_run: true });
    expect(applied).toBe(false);
    expect(plan).toMatchObject({ write: 1, change: 1, touch: 1, delete: 1, bytes_to_write: 9 });
    expect(plan.items.map(({ action, path }) => `${action} ${path}`)).toEqual([
      "delete gone.txt",
      "write new.txt",
      "change other.txt",
      "touch same.txt",
    ]);
    expect(readdirSync(workspace).sort()).toEqual(["gone.txt", "other.txt", "same.txt"]);
    expect(read("other.txt")).toBe("mine");
  });

  it("of a workspace that is the checkpoint already is empty, and fetches no content [checkpoints.restore]", async () => {
    const made = makeTree({ "a.txt": "a", folder: null, "folder/b.txt": "b" });
    await restore(made);
    const before = edge.requests.length;
    expect((await restore(made)).plan).toMatchObject({ write: 0, change: 0, touch: 0, delete: 0 });
    expect(edge.requests.length).toBe(before);
  });
});

describe("a restore", () => {
  it("swaps folders, files and links that are in each other's place [checkpoints.restore]", async () => {
    mkdirSync(join(workspace, "file-now", "deep"), { recursive: true });
    put("file-now/deep/x", "x");
    put("folder-now", "I was a file");
    symlinkSync("/etc", join(workspace, "was-link"));
    put("link-now", "text");
    const link: Entry = {
      type: "symlink",
      path: Buffer.from("link-now"),
      mode: 0o777,
      mtimeUs: 1,
      target: Buffer.from("a"),
    };
    const made = makeTree({ "file-now": "file", "folder-now": null, "folder-now/in.txt": "in" }, [link]);
    const more = makeTree({ "was-link": null, "was-link/passwd": "mine" });
    await restore(made);
    expect(read("file-now")).toBe("file");
    expect(read("folder-now/in.txt")).toBe("in");
    expect(readlinkSync(join(workspace, "link-now"))).toBe("a");
    symlinkSync("/etc", join(workspace, "was-link"));
    await restore(more);
    expect(lstatSync(join(workspace, "was-link")).isDirectory()).toBe(true);
    expect(read("was-link/passwd")).toBe("mine");
    expect(readdirSync(workspace)).toEqual(["was-link"]);
  });

  it("of some paths leaves everything else as it is, and makes the folders on the way [checkpoints.restore]", async () => {
    put("keep.txt", "mine");
    const made = makeTree({ a: null, "a/b": null, "a/b/one": "1", "a/b/two": "2", "keep.txt": "theirs" });
    const { plan } = await restore(made, { paths: paths("a/b/one") });
    expect(plan).toMatchObject({ write: 3, delete: 0 });
    expect(read("a/b/one")).toBe("1");
    expect(existsSync(join(workspace, "a/b/two"))).toBe(false);
    expect(read("keep.txt")).toBe("mine");
    await restore(makeTree({ a: null, "a/b": null, "a/b/two": "2" }), { paths: paths("a/b") });
    expect(readdirSync(join(workspace, "a/b"))).toEqual(["two"]);
  });

  it("leaves what .berthignore names alone, and the folder that holds it [checkpoints.ignore]", async () => {
    put(".berthignore", "cache/\n");
    mkdirSync(join(workspace, "sub", "cache"), { recursive: true });
    put("sub/cache/big", "big");
    put("sub/old", "old");
    await restore(makeTree({ ".berthignore": "cache/\n", "a.txt": "a" }));
    expect(read("sub/cache/big")).toBe("big");
    expect(existsSync(join(workspace, "sub/old"))).toBe(false);
  });

  it("writes into folders that nobody may write into, and closes them again [checkpoints.restore]", async () => {
    mkdirSync(join(workspace, "shut"));
    put("shut/a", "old");
    chmodSync(join(workspace, "shut"), 0o500);
    const made = makeTree({ shut: null, "shut/a": "new" });
    await restore(made);
    expect(read("shut/a")).toBe("new");
    expect(lstatSync(join(workspace, "shut")).mode & 0o777).toBe(0o755);
  });
});

describe("a large restore", () => {
  const large = () =>
    makeTree(
      Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`file-${index}.bin`, randomBytes(2_500_000)])),
    );

  it("arrives with every byte, and is known afterwards [checkpoints.restore]", async () => {
    const made = large();
    const { plan } = await restore(made);
    expect(plan).toMatchObject({ write: 9, bytes_to_write: 22_500_000 });
    expect((await restore(made)).plan).toMatchObject({ write: 0, change: 0 });
  });

  it("names what is damaged all the same, and changes nothing [checkpoints.bad_input]", async () => {
    put("mine.txt", "mine");
    const made = large();
    for (const [name, pack] of made.packs) {
      if (made.tree.chunks[0]?.pack === name) continue;
      const flipped = Buffer.from(pack);
      flipped[flipped.length - 200_000] = (flipped[flipped.length - 200_000] ?? 0) ^ 1;
      made.packs.set(name, flipped);
    }
    const refused = { code: "checkpoint_damaged", message: expect.stringContaining("file-8.bin") };
    await expect(restore(made)).rejects.toMatchObject(refused);
    expect(readdirSync(workspace)).toEqual(["mine.txt"]);
  });
});

describe("a checkpoint that lies", () => {
  const outside: [string, Entry[]][] = [
    ["a file below a symlink", [symlink("way", "/tmp"), file("way/evil")]],
    ["a file below a file", [file("a"), file("a/b")]],
    ["a file without its folder", [file("no/where")]],
    ["a list out of order", [file("b"), file("a")]],
    ["a path that comes twice", [file("a"), file("a")]],
  ];
  it.each(outside)("with %s is refused, and nothing is changed [checkpoints.outside]", async (_name, entries) => {
    put("mine.txt", "mine");
    await expect(restore(packEntries(entries))).rejects.toMatchObject({ code: "checkpoint_damaged" });
    expect(readdirSync(workspace)).toEqual(["mine.txt"]);
  });

  it("about a byte of a pack is found out, named, and nothing is overwritten [checkpoints.bad_input]", async () => {
    put("a.txt", "mine");
    const made = makeTree({ "a.txt": "theirs, and a little longer" });
    for (const [name, pack] of made.packs) {
      if (made.tree.chunks[0]?.pack === name) continue;
      const flipped = Buffer.from(pack);
      flipped[12] = (flipped[12] ?? 0) ^ 1;
      made.packs.set(name, flipped);
    }
    await expect(restore(made)).rejects.toMatchObject({
      code: "checkpoint_damaged",
      message: expect.stringContaining("a.txt"),
    });
    expect(readdirSync(workspace)).toEqual(["a.txt"]);
    expect(read("a.txt")).toBe("mine");
  });

  it.each(["missing", "cut short"])("about a pack that is %s changes nothing [checkpoints.bad_input]", async (how) => {
    put("a.txt", "mine");
    const made = makeTree({ "a.txt": "theirs" });
    for (const [name, pack] of made.packs) {
      if (made.tree.chunks[0]?.pack === name) continue;
      made.packs.set(name, how === "missing" ? Buffer.alloc(0) : pack.subarray(0, 4));
    }
    await expect(restore(made)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    expect(read("a.txt")).toBe("mine");
  });
});

function file(path: string): Entry {
  return {
    type: "file",
    path: Buffer.from(path),
    mode: 0o644,
    mtimeUs: 0,
    size: 0,
    blobs: [],
    sparse: false,
    hardLinkOf: null,
  };
}

function symlink(path: string, target: string): Entry {
  return { type: "symlink", path: Buffer.from(path), mode: 0o777, mtimeUs: 0, target: Buffer.from(target) };
}
