// What is known of a shell command before it runs: the simple commands in it, the files its redirections name, doubts.

/** Stands in a word's shape for a stretch of text that only running the command would tell. */
export const HOLE = "\u0000";

export type CommandWord = {
  /** The word after its quoting is removed, with a HOLE for each stretch that is not known. */
  shape: string;
  /** True when an unquoted expansion may turn it into no word at all, or into several. */
  splits: boolean;
  /** The paths that it becomes, with stretches of `path-shape.ts`; absent where that is the shape. */
  paths?: readonly string[];
};

export type SimpleCommand = {
  /** Program first. The program's word holds no HOLE. */
  words: readonly CommandWord[];
  /** Only starts the command that follows it in the list, as `timeout` does: an auto rule need not name it. */
  transparent: boolean;
};

export type FileAccess = {
  access: "read" | "write";
  /** May have stretches of `path-shape.ts`. */
  path: string;
  /** False for a word that need not be a file; then a path that may be anything says nothing. */
  isSure: boolean;
};

/** One file, and the paths of which it has one; relative ones begin where the command does. */
export type LocatedFile = Omit<FileAccess, "path"> & { candidates: readonly string[] };

/** A `cd`; in a loop it may be done again. */
export type Move = { paths: readonly string[]; isRepeated: boolean };

export type ParsedCommand = {
  commands: readonly SimpleCommand[];
  /** Those that its redirections open. */
  files: readonly LocatedFile[];
  /** Those among the arguments of its programs. */
  mentioned: readonly LocatedFile[];
  /** Why this is more than its commands' names say, as with LD_PRELOAD or `find -delete`: no argument rule allows it. */
  hazards: readonly string[];
  /** False when something else than `commands` may run. What was found is listed all the same. */
  understood: boolean;
  /** The first reason for `understood` being false. */
  why: string | null;
};

/** Collects while the tree is walked. */
export type Findings = {
  commands: SimpleCommand[];
  files: FileAccess[];
  hazards: string[];
  doubts: string[];
  moves: Move[];
  /** What the command gives its own variables. */
  variables: Map<string, readonly string[]>;
  /** What is looked at may run several times. */
  isRepeated: boolean;
  /** Reads a text that the command hands to a shell of its own, as in `bash -c '…'`. */
  readNested(text: string, found: Findings): void;
};

export function isKnown(word: CommandWord): boolean {
  return !word.splits && !word.shape.includes(HOLE);
}

/** The text of a word that is wholly known. */
export function knownText(word: CommandWord | undefined): string | null {
  return word !== undefined && isKnown(word) ? word.shape : null;
}

/** `rm` for `/usr/bin/rm`. */
export function programName(command: Pick<SimpleCommand, "words">): string {
  return command.words[0]?.shape.split("/").at(-1) ?? "";
}
