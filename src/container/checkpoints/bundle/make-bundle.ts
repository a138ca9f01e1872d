// A timeline as git history: every checkpoint a commit, written by git itself, stored as one bundle to clone from.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { promisify } from "node:util";
import type { Entry, Tree } from "../../../shared/checkpoints/format.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { EDGE_PATHS } from "../../../shared/rpc/protocol.ts";
import type { MakeBundle } from "../../../shared/rpc/runner-checkpoint-api.ts";
import type { JobContext } from "../job-context.ts";
import { readTree } from "../restore/wanted-tree.ts";
import { askEdge } from "../transfer/edge-client.ts";
import { readFrames } from "../transfer/pack-reader.ts";
import { blobWords, commitWords, deleteWords, putWords } from "./fast-import.ts";
import { planContents } from "./contents.ts";
import { type Change, contentName, type Kept, treeChanges } from "./tree-changes.ts";

const run = promisify(execFile);
const NEWLINE = Buffer.from("\n");
/** What the edge takes in one request on every plan. */
const MAX_BUNDLE_BYTES = 95 * 1024 * 1024;

export async function makeBundle(request: MakeBundle, context: JobContext): Promise<{ bytes: number }> {
  const folder = await mkdtemp(join(context.stateDir, "bundle-"));
  try {
    const repository = join(folder, "repository.git");
    const git = (...parts: string[]) => run("git", ["-C", repository, ...parts], { env: gitEnvironment(folder) });
    await run("git", ["init", "--quiet", "--bare", repository], { env: gitEnvironment(folder) });
    await importAll(request, { context, repository, home: folder });
    const bundle = join(folder, "history.bundle");
    await git("bundle", "create", "--quiet", bundle, `refs/heads/${request.branch}`);
    return { bytes: await store(bundle, request, context) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function gitEnvironment(home: string): NodeJS.ProcessEnv {
  const PATH = process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  const environment = { PATH, HOME: home, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", LC_ALL: "C" };
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- among the tests, ProcessEnv has the edge's variables
  return environment as unknown as NodeJS.ProcessEnv;
}

type Import = { context: JobContext; repository: string; home: string };

async function importAll({ commits, branch }: MakeBundle, { context, repository, home }: Import): Promise<void> {
  const git = spawn("git", ["-C", repository, "fast-import", "--quiet", "--done"], {
    env: gitEnvironment(home),
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(git, "exit");
  // A git that stops early is told by its exit, not by the broken pipe.
  git.stdin.on("error", () => {});
  const history = createHistory(git.stdin, context);
  let before: Tree | null = null;
  for (const [index, commit] of commits.entries()) {
    await history.commit({ ...commit, branch, isFirst: index === 0 }, before);
    before = commit.tree;
    context.progress({ phase: "writing", files: index + 1, files_total: commits.length, bytes: 0, bytes_total: null });
  }
  git.stdin.end("done\n");
  const [code] = await ended;
  if (code !== 0) throw new AppError("checkpoint_failed", "git could not make the history. Export as tar_zst instead.");
}

type Commit = { tree: Tree; message: string; author: string; created_at: string; branch: string; isFirst: boolean };

function createHistory(out: Writable, context: JobContext) {
  /** The mark under which git has a content already. */
  const marks = new Map<string, number>();
  let last = 0;
  let previous: number | null = null;
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (!out.write(bytes)) await Promise.race([once(out, "drain"), once(out, "close")]);
  };
  const markOf = (entry: Kept): number => marks.get(contentName(entry)) ?? 0;

  return {
    async commit(commit: Commit, before: Tree | null): Promise<void> {
      const changes: Change[] = [];
      const fresh: Kept[] = [];
      for await (const change of treeChanges(entriesOf(before, context), entriesOf(commit.tree, context))) {
        changes.push(change);
        if (change.type === "delete" || marks.has(contentName(change.entry))) continue;
        marks.set(contentName(change.entry), ++last);
        fresh.push(change.entry);
      }
      await writeBlobs(fresh, { context, write, markOf });
      const { branch, message, author, created_at: createdAt } = commit;
      await write(commitWords({ branch, message, author, createdAt, mark: ++last, from: previous }));
      previous = last;
      // Deletions first: a folder that became a file would take the new file with it.
      for (const change of changes) if (change.type === "delete") await write(deleteWords(change.path));
      for (const change of changes)
        if (change.type === "put") await write(putWords(change.entry, markOf(change.entry)));
      await write(Buffer.from("\n"));
    },
  };
}

async function* entriesOf(tree: Tree | null, context: JobContext): AsyncGenerator<Entry> {
  if (tree !== null) yield* readTree(context, tree);
}

type BlobParts = { context: JobContext; write(bytes: Uint8Array): Promise<void>; markOf(entry: Kept): number };

async function writeBlobs(entries: readonly Kept[], { context, write, markOf }: BlobParts): Promise<void> {
  const { plain, frames } = planContents(entries);
  for (const entry of plain) {
    const content = entry.type === "symlink" ? entry.target : new Uint8Array(0);
    await write(Buffer.concat([blobWords(markOf(entry), content.length), content, NEWLINE]));
  }
  for await (const { frame, content } of readFrames(context, frames)) {
    for (const { entry, blob, isFirst, isLast } of frame.pieces) {
      if (isFirst) await write(blobWords(markOf(entry), entry.size));
      await write(Buffer.from(content.subarray(blob.inner, blob.inner + blob.length)));
      if (isLast) await write(NEWLINE);
    }
  }
}

async function store(bundle: string, { export_id }: MakeBundle, context: JobContext): Promise<number> {
  const { size } = await stat(bundle);
  if (size > MAX_BUNDLE_BYTES) {
    throw new AppError(
      "checkpoint_failed",
      `The history comes to ${size} bytes, and a bundle may have ${MAX_BUNDLE_BYTES}. Export one checkpoint as tar_zst instead.`,
    );
  }
  const path = `${EDGE_PATHS.exports}/${export_id}`;
  const { status } = await askEdge(context, { method: "PUT", path, access: "write", body: [await readFile(bundle)] });
  if (status < 300) return size;
  throw new AppError("checkpoint_failed", `The bundle could not be stored (${status}). Export again.`);
}
