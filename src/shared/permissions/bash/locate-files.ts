// Says of each file that a command names where it may lie: by the command's variables and the directories it enters.
import { type FileAccess, HOLE, type LocatedFile } from "./parsed-command.ts";
import { fillVariables, pathIn, type Variables } from "./path-shape.ts";

const MAX_CANDIDATES = 256;

export function locateFiles(
  files: readonly FileAccess[],
  variables: Variables,
  directories: readonly string[],
): LocatedFile[] {
  return files
    .map(({ path, ...file }) => {
      const filled = fillVariables(path, variables).filter((text) => text !== "");
      const candidates = filled.flatMap((text) => directories.map((directory) => pathIn(directory, text)));
      return { ...file, candidates: candidates.length > MAX_CANDIDATES ? [HOLE] : candidates };
    })
    .filter(({ candidates }) => candidates.length > 0);
}
