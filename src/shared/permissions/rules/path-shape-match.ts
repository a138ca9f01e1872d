// Holds a path rule against a path of which some stretches are known only when the command runs.
import { ANY_NAME, FOLDERS, GLOB } from "../bash/path-shape.ts";
import { HOLE } from "../bash/parsed-command.ts";
import { type PathPattern, type PathRoots, rootOf, type Segment, skipFolders } from "./path-pattern.ts";
import { mayMatchWildcard, type WildcardPattern } from "./wildcard.ts";

const STRETCHES = /[\ue000-\ue002]/;

export function isFixed(path: string): boolean {
  return !STRETCHES.test(path);
}

/** True when some filling of the path's stretches is taken by the pattern. */
export function mayMatchPath(pattern: PathPattern, path: string, roots: PathRoots): boolean {
  if (isSpared(pattern, path, roots)) return false;
  const root = namesOf(rootOf(pattern, roots)).map((name): Segment => ({ kind: "name", pattern: name.split("") }));
  const segments = [...root, ...pattern.segments];
  const names = namesOf(path);
  let reached = skipFolders(segments, new Set([0]));
  for (const [index, name] of names.entries()) {
    const known = index < names.length - 1 ? withoutFiles(segments, reached, name) : reached;
    const next = name === FOLDERS ? passFolders(segments, known) : passName(segments, known, name);
    if (next === "taken") return true;
    reached = skipFolders(segments, next);
  }
  return false;
}

/**
 * Every folder of the project may hold a file with a name that is forbidden anywhere, so each search would be asked
 * about. It is where the project's own directory, or one above it, is gone through.
 */
function isSpared({ segments }: PathPattern, path: string, { projectDir }: PathRoots): boolean {
  return (
    segments[0]?.kind === "folders" &&
    path.startsWith(`${projectDir}/`) &&
    path.endsWith(`/${FOLDERS}/${ANY_NAME}`) &&
    !path.startsWith(`${projectDir}/${FOLDERS}`)
  );
}

/** A `*` that begins a name leaves out the names that begin with a dot. */
export function mayMatchName(pattern: WildcardPattern, name: string): boolean {
  if (name.startsWith(GLOB) && pattern[0] === ".") return false;
  return mayMatchWildcard(pattern, name.replaceAll(/[\ue000\ue001]/g, HOLE));
}

/** A whole folder name that is not known is not taken for a file of some kind, as `*.pem` means one. */
function withoutFiles(segments: readonly Segment[], reached: ReadonlySet<number>, name: string): ReadonlySet<number> {
  if (!/^[\ue000\ue001]+$/.test(name)) return reached;
  const isFile = (segment: Segment | undefined): boolean => segment?.kind === "name" && segment.pattern[0] === null;
  return new Set([...reached].filter((at) => at < segments.length - 1 || !isFile(segments[at])));
}

function passName(segments: readonly Segment[], reached: ReadonlySet<number>, name: string): Set<number> | "taken" {
  const next = new Set<number>();
  for (const at of reached) {
    const segment = segments[at];
    const isFolders = segment?.kind === "folders";
    if (segment === undefined || (!isFolders && !mayMatchName(segment.pattern, name))) continue;
    if (at === segments.length - 1) return "taken";
    next.add(isFolders ? at : at + 1);
  }
  return next;
}

/** Folders can take any of the names that the pattern has, but for its last: that one is the file's. */
function passFolders(segments: readonly Segment[], reached: ReadonlySet<number>): Set<number> {
  const first = Math.min(...reached);
  return new Set([...segments.keys()].filter((at) => at >= first));
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}
