// Turns a path that was asked for into one that really lies inside the workspace, symbolic links included.
import { type FileHandle, readlink, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { AppError } from "../../shared/errors/app-error.ts";

/** The real path of something inside the workspace. What lies outside, or nowhere, is answered alike. */
export async function resolveInside(workspaceDir: string, path: string): Promise<string> {
  const root = await realpath(workspaceDir);
  const real = await realpath(join(root, path)).catch(() => null);
  if (real === null || (real !== root && !real.startsWith(root + sep))) throw notFound(path);
  return real;
}

/**
 * Whether what was opened lies inside, whatever its path leads to by now: somebody may have put a link in the place of
 * one of its folders meanwhile. Only Linux says so, and only there others than the reader's own user write here.
 */
export async function isOpenedInside(workspaceDir: string, file: Pick<FileHandle, "fd">): Promise<boolean> {
  const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => null);
  return opened === null || opened.startsWith((await realpath(workspaceDir)) + sep);
}

export function notFound(path: string): AppError {
  return new AppError("file_not_found", `There is no such file in the project: ${JSON.stringify(path.slice(0, 200))}.`);
}
