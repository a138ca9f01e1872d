// Makes a tool's path absolute and plain, without a look at any disk.
import { HOLE } from "../bash/parsed-command.ts";
import { ANY_NAME, FOLDERS, GLOB, PROJECT } from "../bash/path-shape.ts";
import type { PathRoots } from "./path-pattern.ts";
import { mayMatchName } from "./path-shape-match.ts";

/** Longer paths are held against no rule. */
const MAX_NAMES = 200;

type Roots = PathRoots & { cwd: string | null };

/**
 * Null when it cannot be told from the text which file is meant. `cwd` is null when it is not known where the tool
 * stands. Symbolic links stay: nothing here can follow them.
 */
export function resolvePath(path: string, roots: Roots): string | null {
  return [GLOB, ANY_NAME, FOLDERS, PROJECT].some((stretch) => path.includes(stretch))
    ? null
    : resolveShape(path, roots);
}

/** The same for a path that may have stretches of `path-shape.ts`. */
export function resolveShape(path: string, roots: Roots): string | null {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (path === "" || path.includes(HOLE) || /[\u0000-\u001f\u007f]/.test(path)) return null;
  const full = toAbsolute(path, roots);
  if (full === null) return null;
  const names: string[] = [];
  for (const name of full.split("/")) {
    if (isRerouted([...names, name])) return null;
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  if (names.length > MAX_NAMES) return null;
  return `/${names.join("/")}`;
}

/** Through these a path leads somewhere else than its names say. */
function isRerouted([first = "", second = ""]: readonly string[]): boolean {
  if (first === FOLDERS) return true;
  return (
    mayMatchName(literal("proc"), first) || (mayMatchName(literal("dev"), first) && mayMatchName(literal("fd"), second))
  );
}

const literal = (text: string): string[] => text.split("");

function toAbsolute(path: string, roots: Roots): string | null {
  if (path.startsWith("/")) return path;
  if (path.startsWith(PROJECT)) return `${roots.projectDir}/${path.slice(1)}`;
  if (path === "~" || path.startsWith("~/")) return `${roots.homeDir}/${path.slice(2)}`;
  if (path.startsWith("~")) return null;
  return roots.cwd === null ? null : `${roots.cwd}/${path}`;
}
