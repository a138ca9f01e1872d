// Which files `find` may hand to the commands that it starts.
import { type CommandWord, HOLE, knownText } from "./parsed-command.ts";
import { pathBelow, pathsOf } from "./path-shape.ts";

/** Joins conditions so that a `-name` does not hold for everything that is found. */
const ALTERNATIVES = new Set(["-o", "-or", "!", "-not", ",", "("]);

/** As `{}` stands for them, with stretches of `path-shape.ts`. */
export function findResults(words: readonly CommandWord[]): readonly string[] {
  const folders = listFolders(words.slice(1));
  const name = readName(words);
  return folders.flatMap((folder) => (folder.includes(HOLE) ? [HOLE] : [folder, pathBelow(folder, name)]));
}

function listFolders(args: readonly CommandWord[]): readonly string[] {
  const folders = args.slice(args.findIndex((word) => !/^-(?:[HLP]|D.*|O.*)$/.test(word.shape)));
  const end = folders.findIndex((word) => /^[-(!]/.test(word.shape));
  const paths = folders.slice(0, end === -1 ? undefined : end).flatMap(pathsOf);
  return paths.length === 0 ? ["."] : paths;
}

/** Undefined where not every file that is found has to have one name. */
function readName(words: readonly CommandWord[]): string | undefined {
  const at = words.findIndex((word) => word.shape === "-name");
  const action = words.findIndex((word) => /^-(?:exec|ok)/.test(word.shape));
  if (at < 0 || at > action || words.some((word) => ALTERNATIVES.has(word.shape))) return undefined;
  // Behind another test it may be that one's value.
  const before = words[at - 1]?.shape ?? "";
  if (before.startsWith("-") && !PLAIN_TEST.test(before)) return undefined;
  return knownText(words[at + 1]) ?? undefined;
}

const PLAIN_TEST = /^-(?:a|and|depth|empty|executable|follow|mount|readable|true|writable|xdev|H|L|P)$/;
