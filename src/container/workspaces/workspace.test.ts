// The workspace's files over RPC: listing, reading, cloning, and that nothing outside can be reached.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectWorkspace, type RunnerProcess, startRunner } from "../../../test/support/runner-host.ts";
import { unwrap } from "../../shared/errors/app-error.ts";

let runner: RunnerProcess;
let workspace: Awaited<ReturnType<typeof connectWorkspace>>;

beforeEach(async () => {
  runner = await startRunner({ edgeUrl: "http://127.0.0.1:9" });
  workspace = await connectWorkspace(runner);
});
afterEach(() => runner.stop());

const file = (path: string, content: string | Buffer = "x") => writeFileSync(join(runner.workspaceDir, path), content);
const list = async (request: object = {}) => unwrap(await workspace.listFiles(request as never));
const read = async (request: object) => workspace.readFile(request as never);

describe("listing", () => {
  beforeEach(() => {
    for (const folder of ["b", "b/deep", "empty"]) mkdirSync(join(runner.workspaceDir, folder));
    for (const path of ["b.txt", "a.txt", "b/1", "b/deep/2", "b-3"]) file(path);
  });

  it("is sorted, has folders before what is in them, and pages without gap or repeat", async () => {
    const { files, next_after } = await list();
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(["a.txt", "b", "b/1", "b/deep", "b/deep/2", "b-3", "b.txt", "empty"]);
    expect(next_after).toBeNull();
    for (const limit of [1, 2, 3, 5]) {
      const paged: string[] = [];
      let after: string | undefined;
      do {
        const page = await list({ limit, ...(after === undefined ? {} : { after }) });
        paged.push(...page.files.map(({ path }) => path));
        after = page.next_after ?? undefined;
      } while (after !== undefined);
      expect(paged).toEqual(paths);
    }
  });

  it("of one folder, not recursive, names what is directly in it", async () => {
    expect((await list({ path: "b", recursive: false })).files.map(({ path }) => path)).toEqual(["b/1", "b/deep"]);
  });

  it("names git's folder and not what is in it, unless asked for", async () => {
    mkdirSync(join(runner.workspaceDir, ".git"));
    file(".git/HEAD");
    expect((await list({ limit: 1 })).files.map(({ path }) => path)).toEqual([".git"]);
    expect((await list({ after: ".git", limit: 1 })).files.map(({ path }) => path)).toEqual(["a.txt"]);
    expect((await list({ path: ".git" })).files.map(({ path }) => path)).toEqual([".git/HEAD"]);
  });

  it("shows links and does not follow them", async () => {
    symlinkSync("/etc", join(runner.workspaceDir, "outside"));
    const { files } = await list();
    expect(files.find(({ path }) => path === "outside")).toMatchObject({ type: "symlink", size: 0 });
    expect(files.some(({ path }) => path.startsWith("outside/"))).toBe(false);
    expect(await workspace.listFiles({ path: "outside" } as never)).toMatchObject({
      error: { code: "file_not_found" },
    });
  });
});

describe("reading", () => {
  it("gives text as it is, in parts that do not cut characters", async () => {
    const text = "äöü€𝄞".repeat(50);
    file("text", text);
    let offset = 0;
    let joined = "";
    for (;;) {
      const part = unwrap(await read({ path: "text", offset, limit: 7 }));
      if (part.bytes === 0) break;
      expect(part.encoding).toBe("utf-8");
      joined += part.content;
      offset += part.bytes;
    }
    expect(joined).toBe(text);
  });

  it("gives anything else as base64", async () => {
    file("bytes", Buffer.from([0, 255, 254, 1]));
    expect(unwrap(await read({ path: "bytes" }))).toMatchObject({ encoding: "base64", content: "AP/+AQ==", size: 4 });
  });

  it("finds nothing outside, neither by name nor through links, and no folders or pipes [runner.files]", async () => {
    symlinkSync("/etc/passwd", join(runner.workspaceDir, "link"));
    symlinkSync("/etc", join(runner.workspaceDir, "folder"));
    execFileSync("mkfifo", [join(runner.workspaceDir, "pipe")]);
    mkdirSync(join(runner.workspaceDir, "real"));
    for (const path of ["link", "folder/passwd", "missing", "pipe", "real"]) {
      expect(await read({ path })).toMatchObject({ ok: false, error: { code: "file_not_found" } });
    }
    for (const path of ["../state/workspace-seen", "/etc/passwd"]) {
      expect(await read({ path })).toMatchObject({ ok: false });
    }
  });
});

describe("a folder that changes places with a link while it is read", () => {
  it("gives nothing from outside [runner.files]", async () => {
    const outside = mkdtempSync(join(tmpdir(), "berth-outside-"));
    writeFileSync(join(outside, "file"), "outside");
    mkdirSync(join(runner.workspaceDir, "folder"));
    file("folder/file", "inside");
    symlinkSync(outside, join(runner.workspaceDir, "link"));
    const swapping = swapForSeconds(runner.workspaceDir, 2);
    const seen = new Set<string>();
    while (swapping.exitCode === null) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => read({ path: "folder/file" })));
      for (const answer of answers) seen.add(answer.ok ? answer.value.content : answer.error.code);
    }
    expect([...seen].sort()).toEqual(["file_not_found", "inside"]);
  });
});

/** A process of its own, because the race is with the system. */
function swapForSeconds(folder: string, seconds: number) {
  const script = `const { renameSync } = require("node:fs");
    const swap = (away, here) => { renameSync("folder", away); renameSync(here, "folder"); };
    for (const end = Date.now() + ${seconds * 1000}; Date.now() < end;) { swap("real", "link"); swap("link", "real"); }`;
  return spawn(process.execPath, ["-e", script], { cwd: folder });
}

describe("cloning", () => {
  function makeRepository(): string {
    const folder = mkdtempSync(join(tmpdir(), "berth-repository-"));
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@t", ...args]);
    git("init", "--quiet");
    writeFileSync(join(folder, "README.md"), "hello");
    git("add", ".");
    git("commit", "--quiet", "-m", "first");
    return folder;
  }

  it("brings the files and the commit, and leaves nothing else behind", async () => {
    expect(await workspace.isWorkspaceChanged()).toBe(false);
    const git_url = `file://${makeRepository()}`;
    const { commit } = unwrap(await workspace.cloneRepository({ git_url, allow_insecure: true }));
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(readdirSync(runner.workspaceDir).sort()).toEqual([".git", "README.md"]);
    expect(await workspace.isWorkspaceChanged()).toBe(true);
    const other = `file://${makeRepository()}`;
    const again = await workspace.cloneRepository({ git_url: other, allow_insecure: true });
    expect(again).toMatchObject({ ok: false, error: { code: "project_busy" } });
  });

  it("is cloned once for all who ask, at the same time or after the answer was lost [runner.clone]", async () => {
    // What a runner left that was ended while it cloned.
    mkdirSync(join(runner.workspaceDir, ".berth-clone-left", "clone"), { recursive: true });
    const request = { git_url: `file://${makeRepository()}`, allow_insecure: true };
    const [first, second] = await Promise.all([workspace.cloneRepository(request), workspace.cloneRepository(request)]);
    expect(unwrap(first).commit).toMatch(/^[0-9a-f]{40}$/);
    expect(second).toEqual(first);
    expect(await workspace.cloneRepository(request)).toEqual(first);
    expect(readdirSync(runner.workspaceDir).sort()).toEqual([".git", "README.md"]);
  });

  it("refuses any other protocol unless tests allow it [runner.clone]", async () => {
    for (const git_url of [`file://${makeRepository()}`, "ssh://example.com/x", "ext::sh -c id", "--upload-pack=id"]) {
      const answer = await workspace.cloneRepository({ git_url, allow_insecure: false });
      expect(answer).toMatchObject({ ok: false, error: { code: "invalid_argument" } });
    }
    expect(readdirSync(runner.workspaceDir)).toEqual([]);
  });

  it("that fails leaves the workspace empty and repeats nothing of what the server said [runner.clone]", async () => {
    const server = createServer((_request, response) => response.writeHead(403).end("REMOTE-TEXT"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const git_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
    const answer = await workspace.cloneRepository({ git_url, allow_insecure: true });
    server.close();
    expect(answer).toMatchObject({ ok: false, error: { code: "clone_failed" } });
    expect(JSON.stringify(answer)).not.toMatch(/REMOTE-TEXT|fatal|403/);
    expect(readdirSync(runner.workspaceDir)).toEqual([]);
  });
});

describe("the Claude Code program", () => {
  it("is the one that the Agent SDK brings", async () => {
    const found = unwrap(await workspace.findClaudeBinary());
    expect(found.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(found.source).toMatch(/^@anthropic-ai\/claude-agent-sdk-.*@\d+\.\d+\.\d+$/);
  });
});
