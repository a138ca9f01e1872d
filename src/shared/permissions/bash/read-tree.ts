// What programs reach besides the files that they name: everything in a folder, and folders that options change to.
import { type CommandWord, HOLE } from "./parsed-command.ts";
import { pathBelow, pathsOf } from "./path-shape.ts";

/** By which of its words a program goes through folders. */
const DESCENDS: ReadonlyMap<string, RegExp> = new Map([
  ...["grep", "egrep", "fgrep"].map((name) => [name, /^-[A-Za-z]*[rR]|^--(?:r|de|di)|^recurse$/] as const),
  // Otherwise it leaves out what is hidden or ignored, as the tool Grep does.
  ["rg", /^-[A-Za-z]*[u.]|^--(?:hid|no-i|un)/],
  ["cp", /^-[A-Za-z]*[rRa]|^--(?:r|a)/],
  ["zip", /^-[A-Za-z]*[rR]|^--r/],
  ["rm", /^-[A-Za-z]*[rR]|^--r/],
  ["chmod", /^-[A-Za-z]*R|^--rec/],
  ["chown", /^-[A-Za-z]*R|^--rec/],
  ["tar", /^-[A-Za-z]*[cruA]|^--(?:cr|ap|up|cat|con)/],
  ...["mv", "ln", "diff", "scp", "rsync"].map((name) => [name, /(?:)/] as const),
]);
/** Their last argument is where things go. */
const HAS_TARGET = new Set(["cp", "mv", "ln", "scp", "rsync"]);

/** Where there are more, they may be any. */
const MAX_PATHS = 500;

export type Tree = { paths: string[]; bases: string[] };

/** What is searched, and names that the search is limited to or takes though they are hidden. */
type Within = { operands: readonly CommandWord[]; globs: readonly string[] };

export function readTree(name: string, args: readonly CommandWord[], { operands, globs }: Within): Tree {
  const bases = name === "tar" ? listBases(args) : [];
  const names = globs.length > 0 ? globs : descends(name, args) ? [undefined] : [];
  const folders = listFolders(name, operands);
  if (folders.length * names.length > MAX_PATHS) return { paths: [HOLE], bases };
  const limited = folders.flatMap((folder) => names.map((glob) => pathBelow(folder, glob)));
  const whole = name === "rg" ? folders.filter((folder) => isOpened(folder) || descends(name, args)) : [];
  const paths = [...limited, ...whole.map((folder) => pathBelow(folder))];
  return { paths, bases };
}

/** rg leaves out what is hidden below the folder that it is given, and not the folder. */
function isOpened(folder: string): boolean {
  return !/^\.?\/*$/.test(folder);
}

function descends(name: string, args: readonly CommandWord[]): boolean {
  const word = DESCENDS.get(name);
  if (word === undefined) return false;
  // tar's first word may be its options.
  const isOldStyle = name === "tar" && /^[A-Za-z]*[cruA]/.test(args[0]?.shape ?? "");
  return isOldStyle || args.some(({ shape }) => word.test(shape));
}

function listFolders(name: string, operands: readonly CommandWord[]): readonly string[] {
  const folders = operands.filter(({ shape }) => !shape.startsWith("-"));
  const isTargetFirst = operands.some(({ shape }) => /^-[A-Za-z]*t|^--t/.test(shape));
  const sources = HAS_TARGET.has(name) && !isTargetFirst ? folders.slice(0, -1) : folders;
  return sources.length === 0 && /grep$|^rg$/.test(name) ? ["."] : sources.flatMap(pathsOf);
}

function listBases(args: readonly CommandWord[]): string[] {
  return listValues(args, /^(?:-\w*C|--di[a-z]*|--cd)$/, /^(?:-C|--di[a-z]*=|--cd=)(.+)$/);
}

/** Of an option, in the word behind it or in its own. */
function listValues(args: readonly CommandWord[], alone: RegExp, joined: RegExp): string[] {
  return args.flatMap((word, index) => {
    if (alone.test(args[index - 1]?.shape ?? "")) return pathsOf(word);
    return pathsOf(word).flatMap((path) => joined.exec(path)?.slice(1) ?? []);
  });
}
