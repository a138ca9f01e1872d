// Turns a path that was asked for into one that really lies inside the workspace, symbolic links included.
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { AppError } from "../../shared/errors/app-error.ts";

/** The real path of something inside the workspace. What lies outside, or nowhere, is answered alike. */
export async function resolveInside(workspaceDir: string, path: string): Promise<string> {
  const root = await realpath(workspaceDir);
  const real = await realpath(join(root, path)).catch(() => null);
  if (real === null || (real !== root && !real.startsWith(root + sep))) throw notFound(path);
  return real;
}

export function notFound(path: string): AppError {
  return new AppError("file_not_found", `There is no such file in the project: ${JSON.stringify(path.slice(0, 200))}.`);
}
