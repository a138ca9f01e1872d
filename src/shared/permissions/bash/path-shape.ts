// Paths of which some stretches are known only when the command runs. Each kind of stretch has a character of its own.
import { type CommandWord, HOLE } from "./parsed-command.ts";

/** What an unquoted `*`, `?` or `[…]` stands for: a part of one name, which does not begin with a dot. */
export const GLOB = "\ue000";
/** A part of one name, or a whole one, with any beginning. */
export const ANY_NAME = "\ue001";
/** In a name's place: any number of folders, none too. */
export const FOLDERS = "\ue002";
/** At the beginning: the project's directory. */
export const PROJECT = "\ue003";
const VARIABLE = "\ue004";
const VARIABLE_END = "\ue005";

/** Where a word becomes more paths than this, it may be any. */
const MAX_PATHS = 64;
/** Variables that stand for others. */
const MAX_FILLS = 4;

export type Variables = ReadonlyMap<string, readonly string[]>;

export function literalPath(text: string): string {
  return text.replaceAll(/[\ue000-\ue00f]/g, HOLE);
}

export function variablePath(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `${VARIABLE}${name}${VARIABLE_END}` : HOLE;
}

/** `{a,b}` where nothing else stands between the braces; anything for the rest. */
export function bracePaths(text: string): readonly string[] {
  if (!/^\{[\w.\-/~@%+:*?]*(?:,[\w.\-/~@%+:*?]*)+\}$/.test(text)) return [HOLE];
  return text
    .slice(1, -1)
    .split(",")
    .map((path) => path.replaceAll(/[*?]/g, GLOB));
}

/** Every way to write one behind the other. */
export function joinPaths(pieces: readonly (readonly string[])[]): readonly string[] {
  let paths: readonly string[] = [""];
  for (const piece of pieces) {
    paths = paths.flatMap((path) => piece.map((end) => path + end));
    if (paths.length > MAX_PATHS) return [HOLE];
  }
  return paths;
}

/** The paths that a word becomes; its variables are not filled in. */
export function pathsOf(word: CommandWord): readonly string[] {
  return word.paths ?? [word.shape];
}

/** What a variable is given. A text that the shell would split or expand when it is used may become anything. */
export function toValues(word: CommandWord): readonly string[] {
  return pathsOf(word).map((path) => (/[\s*?[\]]/.test(path) ? HOLE : path));
}

/** What the path may be, by all that the command gives its variables. One that it does not set may hold anything. */
export function fillVariables(path: string, variables: Variables): readonly string[] {
  let paths: readonly string[] = [path];
  for (let fills = 0; paths.some((one) => one.includes(VARIABLE)); fills += 1) {
    paths = paths.flatMap((one) => fillFirst(one, variables));
    if (fills >= MAX_FILLS || paths.length > MAX_PATHS) return [HOLE];
  }
  // What turns out to be an option may name a file too.
  return paths.map((one) => (path.startsWith(VARIABLE) && one.startsWith("-") ? HOLE : one));
}

function fillFirst(path: string, variables: Variables): readonly string[] {
  const at = path.indexOf(VARIABLE);
  if (at < 0) return [path];
  const end = path.indexOf(VARIABLE_END, at);
  const values = valuesOf(path.slice(at + 1, end), at === 0, variables);
  return values.map((value) => path.slice(0, at) + value + path.slice(end + 1));
}

function valuesOf(name: string, isFirst: boolean, variables: Variables): readonly string[] {
  const given = variables.get(name);
  if (given !== undefined) return ["", ...given];
  if (isFirst && name === "HOME") return ["~"];
  return isFirst && name === "PWD" ? ["."] : [HOLE];
}

/** What is not known at the beginning may turn out to be an option. */
export function mayBeOption(path: string): boolean {
  return path.startsWith(HOLE) || path.startsWith(VARIABLE);
}

export function isFromRoot(path: string): boolean {
  return /^[/~]/.test(path) || path.startsWith(PROJECT) || path.startsWith(HOLE);
}

export function pathIn(folder: string, path: string): string {
  return folder === "" || isFromRoot(path) ? path : `${folder}/${path}`;
}

/** Extensions of files that nobody means when they hide one by a dot. */
const PLAIN_FILES =
  /^\*(\.(?:[cm]?[jt]sx?|css|scss|html|md|mdx|py|rb|rs|go|java|kt|cs|php|c|cc|cpp|h|hpp|swift|vue|svelte))$/;

/** Files of such a name, by the wildcards of `find -name`, anywhere below. */
export function pathBelow(folder: string, name = "*"): string {
  const plain = PLAIN_FILES.exec(name)?.[1];
  const names = plain === undefined ? name.replaceAll(/\*+|\?|\[[^\]]*\]|\\./g, ANY_NAME) : `${GLOB}${plain}`;
  return `${folder}/${FOLDERS}/${names}`;
}
