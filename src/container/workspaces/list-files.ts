// Lists a workspace's files in the order of their paths, page by page, without following symbolic links.
import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ProjectFile } from "../../shared/projects/schema.ts";
import type { FileList, ListFiles } from "../../shared/rpc/runner-workspace-api.ts";
import { notFound, resolveInside } from "./safe-path.ts";

export async function listFiles(workspaceDir: string, request: ListFiles): Promise<FileList> {
  const folder = await resolveInside(workspaceDir, request.path);
  if (!(await lstat(folder)).isDirectory()) throw notFound(request.path);
  const files: ProjectFile[] = [];
  const after = request.after ?? null;
  for await (const { path, entry } of walk(folder, request.path.replace(/\/+$/, ""), { after, ...request })) {
    if (files.length === request.limit) return { files, next_after: files.at(-1)?.path ?? null };
    const file = await describe(join(folder, path.slice(prefixLength(request.path))), path, entry);
    if (file !== null) files.push(file);
  }
  return { files, next_after: null };
}

function prefixLength(path: string): number {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? 0 : trimmed.length + 1;
}

type WalkOptions = { recursive: boolean; after: string | null };

/** Names are compared folder by folder, and a folder comes before what is in it. */
async function* walk(
  folder: string,
  path: string,
  options: WalkOptions,
): AsyncGenerator<{ path: string; entry: Dirent }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const entryPath = path === "" ? entry.name : `${path}/${entry.name}`;
    const { after } = options;
    const isAfter = after === null || comparePaths(entryPath, after) > 0;
    if (isAfter) yield { path: entryPath, entry };
    const mayHoldMore = isAfter || `${after}/`.startsWith(`${entryPath}/`);
    // git's own files are many and nobody's work: they are listed when they are asked for.
    if (options.recursive && entry.isDirectory() && mayHoldMore && entry.name !== ".git") {
      yield* walk(join(folder, entry.name), entryPath, options);
    }
  }
}

function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (const [index, name] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}

async function describe(file: string, path: string, entry: Dirent): Promise<ProjectFile | null> {
  const stats = await lstat(file).catch(() => null);
  if (stats === null) return null;
  const type = entry.isFile()
    ? "file"
    : entry.isDirectory()
      ? "directory"
      : entry.isSymbolicLink()
        ? "symlink"
        : "other";
  return { path, type, size: type === "file" ? stats.size : 0, modified_at: stats.mtime.toISOString() };
}
