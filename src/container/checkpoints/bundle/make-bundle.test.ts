// A timeline as git history, made by git and read back by git.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HandMade, makeTree, packEntries } from "../../../../test/support/hand-made-tree.ts";
import { type PackEdge, startPackEdge } from "../../../../test/support/pack-edge.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { makeBundle } from "./make-bundle.ts";

let edge: PackEdge;
let root: string;
beforeAll(async () => {
  edge = await startPackEdge();
  root = mkdtempSync(join(tmpdir(), "berth-bundle-"));
  mkdirSync(join(root, "state"));
});
afterAll(async () => {
  await edge.close();
  rmSync(root, { recursive: true, force: true });
});

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

async function bundle(made: { of: HandMade; message: string }[]): Promise<string> {
  for (const { of } of made) for (const [name, pack] of of.packs) edge.packs.set(name, pack);
  const commits = made.map(({ of, message }, index) => ({
    tree: of.tree,
    message,
    author: "A <person>",
    created_at: new Date(1_700_000_000_000 + index * 1000).toISOString(),
  }));
  const export_id = randomUUID();
  const request = {
    operation_id: randomUUID(),
    branch: "main",
    export_id,
    commits,
    tokens: { write: null, read: null },
  };
  const { bytes } = await makeBundle(request, {
    operationId: request.operation_id,
    workspaceDir: join(root, "files"),
    stateDir: join(root, "state"),
    edgeUrl: edge.url,
    tokens: () => ({ write: "w", read: "r" }),
    renewTokens: async () => {},
    progress: () => {},
    captured: () => {},
  });
  const stored = edge.bundles.get(export_id);
  expect(stored?.length).toBe(bytes);
  const [file, clone] = [join(root, `${export_id}.bundle`), join(root, export_id)];
  writeFileSync(file, stored ?? "");
  git("clone", "-q", "-b", "main", file, clone);
  return clone;
}

it("has a commit for each checkpoint, with what came, changed and went [checkpoints.export]", async () => {
  const odd = 'odd "name"\n\\.txt';
  const clone = await bundle([
    {
      of: makeTree({ "a.txt": "one", src: null, "src/b.bin": Buffer.from([0, 255, 10]), empty: "" }),
      message: "first",
    },
    { of: makeTree({ "a.txt": "two", [odd]: "odd", src: "a file now" }), message: "second: – more\n\nwith a body" },
  ]);
  expect(git("-C", clone, "log", "--format=%s|%an|%at").split("\n")).toEqual([
    "second: – more|A  person|1700000001",
    "first|A  person|1700000000",
  ]);
  expect(readFileSync(join(clone, "a.txt"), "utf8")).toBe("two");
  expect(readdirSync(clone).sort()).toEqual([".git", "a.txt", odd, "src"].sort());
  expect(readFileSync(join(clone, "src"), "utf8")).toBe("a file now");
  git("-C", clone, "checkout", "-q", "HEAD~1");
  expect([...readFileSync(join(clone, "src/b.bin"))]).toEqual([0, 255, 10]);
  expect(readFileSync(join(clone, "empty"), "utf8")).toBe("");
  expect(readdirSync(join(root, "state"))).toEqual([]);
});

it("keeps links and the executable bit, and leaves out repositories inside the workspace [checkpoints.export]", async () => {
  const link: Entry = {
    type: "symlink",
    path: Buffer.from("link"),
    mode: 0o777,
    mtimeUs: 0,
    target: Buffer.from("run"),
  };
  const run: Entry = {
    type: "file",
    path: Buffer.from("run"),
    mode: 0o755,
    mtimeUs: 0,
    size: 0,
    blobs: [],
    sparse: false,
    hardLinkOf: null,
  };
  const inner: Entry = { ...run, path: Buffer.from(".git/HEAD") };
  const folder: Entry = { type: "directory", path: Buffer.from(".git"), mode: 0o755, mtimeUs: 0 };
  const clone = await bundle([{ of: packEntries([folder, inner, link, run]), message: "" }]);
  expect(git("-C", clone, "ls-tree", "-r", "HEAD").replaceAll(/ [0-9a-f]{40}/g, "")).toBe(
    "120000 blob\tlink\n100755 blob\trun",
  );
  expect(git("-C", clone, "log", "--format=%s")).toBe("checkpoint");
});
