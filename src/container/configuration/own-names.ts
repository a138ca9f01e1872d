// The names of commands and skills that are not configured: the repository's own, and what the agent has put in the place
// of ours. What a person allowed to a command or skill of such a name is not allowed to these.
import { type Dirent, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MAX_OWN_NAME_CHARS, MAX_OWN_NAMES } from "../../shared/rpc/session-host-api.ts";

/** Folders in folders that commands are looked for in. */
const MAX_DEPTH = 4;

export type OwnNamesPlaces = {
  workspaceDir: string;
  /** Claude Code's user folder, which the agent may change. */
  configDir: string;
  /** Where the runner keeps what the user folder shows by links. */
  configuration: string;
};

/** Undefined where they are not to be known, or are too many or too long: then nothing of ours counts. */
export function readOwnNames({ workspaceDir, configDir, configuration }: OwnNamesPlaces): string[] | undefined {
  const names: string[] = [];
  const repository = join(workspaceDir, ".claude");
  try {
    const shown = ["skills", "commands"].filter((name) => !isOurs(join(configDir, name), configuration));
    addAll(repository, ["skills", "commands"], names);
    addAll(configDir, shown, names);
  } catch {
    return undefined;
  }
  const isTellable = names.length <= MAX_OWN_NAMES && names.every((name) => name.length <= MAX_OWN_NAME_CHARS);
  return isTellable ? names : undefined;
}

/** The agent makes the link, but nothing where it leads to. */
function isOurs(link: string, configuration: string): boolean {
  try {
    const target = realpathSync(link);
    return basename(target) === basename(link) && dirname(dirname(target)) === realpathSync(configuration);
  } catch {
    return false;
  }
}

function addAll(folder: string, kinds: readonly string[], names: string[]): void {
  if (kinds.includes("skills")) for (const { name } of list(join(folder, "skills"))) names.push(name);
  if (kinds.includes("commands")) addCommands(join(folder, "commands"), [], names);
}

function addCommands(folder: string, prefix: readonly string[], names: string[]): void {
  for (const entry of list(folder)) {
    if (names.length > MAX_OWN_NAMES) return;
    const path = [...prefix, entry.name];
    // Also among commands, a skill has the name of its folder.
    if (/^skill\.md$/i.test(entry.name)) names.push(prefix.join(":"));
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
