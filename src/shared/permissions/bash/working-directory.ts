// Where a command may stand when it opens a file: at its beginning, and everywhere its `cd`s lead.
import { type CommandWord, HOLE, type Move, programName } from "./parsed-command.ts";
import { fillVariables, isFromRoot, pathIn, pathsOf, type Variables } from "./path-shape.ts";

const MAX_DIRECTORIES = 32;
const UNKNOWN: readonly string[] = [HOLE];

/** Null for a command that stays where it is. `popd` leads back only. */
export function readMove(words: readonly CommandWord[], isRepeated: boolean): Move | null {
  const name = programName({ words });
  if (name !== "cd" && name !== "pushd") return null;
  const [target] = words.slice(1).filter((word) => !/^(?:-[LPe@n]+|--)$/.test(word.shape));
  if (name === "pushd" && (target === undefined || /^[-+]\d+$/.test(target.shape))) return null;
  if (target?.shape === "-") return { paths: UNKNOWN, isRepeated };
  return { paths: target === undefined ? ["~"] : pathsOf(target), isRepeated };
}

/** Each as it is written from the first one, which is empty. None is left out: a `cd` may fail, or stand in a subshell. */
export function listDirectories(moves: readonly Move[], variables: Variables): readonly string[] {
  let directories: readonly string[] = [""];
  for (const { paths, isRepeated } of moves) {
    const targets = paths.flatMap((path) => fillVariables(path, variables)).filter((path) => path !== "");
    const isLost = targets.some((path) => path.includes(HOLE) || (isRepeated && !isFromRoot(path)));
    if (isLost) return UNKNOWN;
    const entered = targets.flatMap((path) => directories.map((directory) => pathIn(directory, path)));
    directories = [...new Set([...directories, ...entered])];
    if (directories.length > MAX_DIRECTORIES) return UNKNOWN;
  }
  return directories;
}
