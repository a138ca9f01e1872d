// The files whose content git is asked to show: paths, `REVISION:path`, and what its options name.
import { type CommandWord, type FileAccess, HOLE, knownText } from "./parsed-command.ts";
import { pathBelow, pathIn, pathsOf, PROJECT } from "./path-shape.ts";

/** Subcommands that print what files hold. */
const SHOWING =
  /^(?:show|log|diff|blame|annotate|whatchanged|range-diff|format-patch|cat-file|grep|archive|diff-(?:files|index|tree)|rev-list|reflog|stash|apply|hash-object|bundle|fast-export|merge-file|config)$/;
const CHANGING = /^(?:checkout|restore|rm|mv|clean|apply|stash)$/;
/** `:(glob)`, `:/`, `:0:` and the like before a path. */
const MAGIC = /^:(?:\([^)]*\)|[/!^]+|\d:)?/;

export function listGitFiles(args: readonly CommandWord[]): FileAccess[] {
  const names = args.map((word) => knownText(word) ?? "");
  const isShowing = names.some((name) => SHOWING.test(name));
  const isChanging = names.some((name) => CHANGING.test(name));
  const folders = ["", ...args.flatMap((word, index) => (args[index - 1]?.shape === "-C" ? pathsOf(word) : []))];
  const paths = args.flatMap((word, index) => listPaths(word, isShowing, args[index - 1]));
  const located = paths.flatMap((path) => [...folders.map((folder) => pathIn(folder, path)), `${PROJECT}/${path}`]);
  return [
    ...located.map((path): FileAccess => ({ access: "read", path, isSure: true })),
    ...(isChanging ? located.map((path): FileAccess => ({ access: "write", path, isSure: true })) : []),
  ];
}

/** Other subcommands take names alone, but for the options by which some of them read a file. */
function listPaths(word: CommandWord, isShowing: boolean, before: CommandWord | undefined): string[] {
  if (/^(?:-F|--file|-f|--contents|--template)$/.test(before?.shape ?? "")) return [...pathsOf(word)];
  if (!isShowing) return word.shape.startsWith("-F") ? pathsOf(word).map((path) => path.slice(2)) : [];
  if (word.shape === "" || /^--?$/.test(word.shape)) return [];
  return pathsOf(word).flatMap(readPath);
}

function readPath(path: string): string[] {
  if (path.startsWith("-L")) return [path.slice(path.lastIndexOf(":") + 1)];
  if (path.startsWith("-")) return [...(/^--(?:contents|file|template)=(.+)$/.exec(path)?.slice(1) ?? [])];
  const written = path.startsWith(":") ? path.replace(MAGIC, "") : path;
  const named = written.slice(written.lastIndexOf(":") + 1);
  if (!/[*?[]/.test(named)) return named === "" ? [] : [named, ...(/^\.?\/?$/.test(named) ? [] : [pathBelow(named)])];
  // Its own wildcards go through folders.
  const names = named.split("/");
  const folder = names
    .slice(
      0,
      names.findIndex((name) => /[*?[]/.test(name)),
    )
    .join("/");
  return [named.includes(HOLE) ? HOLE : pathBelow(folder === "" ? "." : folder, names.at(-1))];
}
