// Holds a restore to what was saved: a tool that is fast because it restores something else is no tool.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function compareTrees(expected: string, actual: string): void {
  const [wanted, found] = [listFiles(expected), listFiles(actual)];
  if (wanted.join("\n") !== found.join("\n"))
    throw new Error(`${found.length} files were restored, ${wanted.length} were saved.`);
  for (const path of wanted) {
    if (!readFileSync(join(expected, path)).equals(readFileSync(join(actual, path)))) {
      throw new Error(`${path} was restored with another content.`);
    }
  }
}

function listFiles(root: string, folder = ""): string[] {
  return readdirSync(join(root, folder))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return lstatSync(join(root, path)).isDirectory() ? listFiles(root, path) : [path];
    });
}
