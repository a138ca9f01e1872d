// Makes a tool's path absolute and plain, without a look at any disk.
import type { PathRoots } from "./path-pattern.ts";

/** Through these a path leads somewhere else than its names say. */
const REROUTED = /^\/(?:proc|dev\/fd)(?:\/|$)/;

/**
 * Null when it cannot be told from the text which file is meant. `cwd` is null when it is not known where the tool
 * stands. Symbolic links stay: nothing here can follow them.
 */
export function resolvePath(path: string, roots: PathRoots & { cwd: string | null }): string | null {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (path === "" || /[\u0000-\u001f\u007f]/.test(path)) return null;
  const full = toAbsolute(path, roots);
  if (full === null) return null;
  const names: string[] = [];
  for (const name of full.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  const resolved = `/${names.join("/")}`;
  return REROUTED.test(resolved) || REROUTED.test(full) ? null : resolved;
}

function toAbsolute(path: string, roots: PathRoots & { cwd: string | null }): string | null {
  if (path.startsWith("/")) return path;
  if (path === "~" || path.startsWith("~/")) return `${roots.homeDir}/${path.slice(2)}`;
  if (path.startsWith("~")) return null;
  return roots.cwd === null ? null : `${roots.cwd}/${path}`;
}
