// Path rules as Claude Code reads them: gitignore's patterns with four anchors. Symbolic links cannot be followed here:
// a path is taken as it is written, and a link inside an allowed folder leads where it leads.
import { compileWildcard, matchesWildcard, type WildcardPattern } from "./wildcard.ts";

export type Segment = { kind: "folders" } | { kind: "name"; pattern: WildcardPattern };

export type PathPattern = {
  /** `//x` the disk's root, `~/x` the home directory, `/x` and `x` the project's directory. */
  anchor: "root" | "home" | "project";
  segments: readonly Segment[];
};

export type PathRoots = { projectDir: string; homeDir: string };

/** The pattern, or what is wrong with it as the end of the sentence "the path …". */
export function compilePathPattern(source: string): PathPattern | string {
  if (source.startsWith("!")) return "begins with !; rules have no exceptions, so write the other rule";
  if (/[[\]{}?\\]/.test(source)) return "has one of [ ] { } ? \\; only * and ** are understood";
  const [anchor, rest] = splitAnchor(source);
  const names = rest.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) return "has a .. in it; write the path that is meant";
  if (names.length === 0) return "is empty; leave the brackets out to mean every file";
  if (names.some((name) => name !== "**" && name.includes("**"))) return "has ** beside other characters of a name";
  // A pattern without a slash, but for one at its end, means that name in any folder.
  const isAnywhere = anchor === "project" && !source.replace(/\/+$/, "").includes("/");
  const segments = names.map(readSegment);
  return { anchor, segments: isAnywhere ? [{ kind: "folders" }, ...segments] : segments };
}

/** True when the pattern takes the path or one of the folders that it lies in, as gitignore has it. */
export function matchesPath(pattern: PathPattern, path: string, roots: PathRoots): boolean {
  const names = namesUnder(rootOf(pattern, roots), path);
  return names !== null && takes(pattern.segments, names);
}

/** True when the pattern takes everything that can lie in the folder. */
export function matchesWholeFolder(pattern: PathPattern, folder: string, roots: PathRoots): boolean {
  // The names are ones that only a `*` takes.
  return matchesPath(pattern, `${folder}/\u0001`, roots) && matchesPath(pattern, `${folder}/\u0001/\u0001`, roots);
}

function splitAnchor(source: string): [PathPattern["anchor"], string] {
  if (source.startsWith("//")) return ["root", source.slice(2)];
  if (source.startsWith("~/")) return ["home", source.slice(2)];
  return ["project", source];
}

function readSegment(name: string): Segment {
  return name === "**" ? { kind: "folders" } : { kind: "name", pattern: compileWildcard(name) };
}

export function rootOf(pattern: PathPattern, roots: PathRoots): string {
  if (pattern.anchor === "root") return "/";
  return pattern.anchor === "home" ? roots.homeDir : roots.projectDir;
}

/** The path's names below the root; null when it does not lie there. */
function namesUnder(root: string, path: string): string[] | null {
  const rootNames = root.split("/").filter((name) => name !== "");
  const names = path.split("/").filter((name) => name !== "");
  return rootNames.every((name, index) => names[index] === name) ? names.slice(rootNames.length) : null;
}

/** `reached` are the numbers of segments that the names so far can have used up. */
function takes(segments: readonly Segment[], names: readonly string[]): boolean {
  let reached = skipFolders(segments, new Set([0]));
  for (const name of names) {
    const next = new Set<number>();
    for (const at of reached) {
      const segment = segments[at];
      const isFolders = segment?.kind === "folders";
      if (segment === undefined || (!isFolders && !matchesWildcard(segment.pattern, name))) continue;
      // The whole pattern has taken the path or a folder above it; `src/**` takes what lies in src, not src.
      if (at === segments.length - 1) return true;
      next.add(isFolders ? at : at + 1);
    }
    reached = skipFolders(segments, next);
  }
  return false;
}

/** `**` takes no folder too. */
export function skipFolders(segments: readonly Segment[], reached: Set<number>): Set<number> {
  for (const at of reached) if (segments[at]?.kind === "folders") reached.add(at + 1);
  return reached;
}
