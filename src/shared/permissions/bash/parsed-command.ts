// What is known of a shell command before it runs: the simple commands in it, the files its redirections name, doubts.

/** Stands in a word's shape for a stretch of text that only running the command would tell. */
export const HOLE = "\u0000";

export type CommandWord = {
  /** The word after its quoting is removed, with a HOLE for each stretch that is not known. */
  shape: string;
  /** True when an unquoted expansion may turn it into no word at all, or into several. */
  splits: boolean;
};

export type SimpleCommand = {
  /** Program first. The program's word holds no HOLE. */
  words: readonly CommandWord[];
  /** Only starts the command that follows it in the list, as `timeout` does: an auto rule need not name it. */
  transparent: boolean;
};

export type FileAccess = { access: "read" | "write"; path: CommandWord };

export type ParsedCommand = {
  commands: readonly SimpleCommand[];
  files: readonly FileAccess[];
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
  /** The working directory may be another one by the time a redirection opens its file. */
  movesDirectory: boolean;
  /** Reads a text that the command hands to a shell of its own, as in `bash -c '…'`. */
  readNested(text: string): void;
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
