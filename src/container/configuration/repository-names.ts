// The names of the repository's own commands and skills: they take the place of configured ones of the same name.
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { MAX_OWN_NAMES } from "../../shared/rpc/session-host-api.ts";

/** Folders in folders that commands are looked for in. */
const MAX_DEPTH = 4;

/** Undefined where they are not to be known, or are too many: then nothing of ours counts under such a name. */
export function readRepositoryNames(workspaceDir: string): string[] | undefined {
  const names: string[] = [];
  const folder = join(workspaceDir, ".claude");
  try {
    for (const { name } of list(join(folder, "skills"))) names.push(name);
    addCommands(join(folder, "commands"), [], names);
  } catch {
    return undefined;
  }
  return names.length > MAX_OWN_NAMES ? undefined : names;
}

function addCommands(folder: string, prefix: readonly string[], names: string[]): void {
  for (const entry of list(folder)) {
    if (names.length > MAX_OWN_NAMES) return;
    const path = [...prefix, entry.name];
    if (entry.name.endsWith(".md")) names.push(path.join(":").slice(0, -3));
    else if (path.length > MAX_DEPTH) throw new Error("commands lie deeper than they are looked for");
    else if (!entry.isFile()) addCommands(join(folder, entry.name), path, names);
  }
}

/** Also through a link, as Claude Code reads them. */
function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
