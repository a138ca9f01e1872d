// What a command's text does besides being text: places for arguments, files that it brings in, shell commands that it runs.

export type CommandParts = {
  /** `$ARGUMENTS`, and `$0`, `$1`, … for one argument each, counted from 0. */
  takesArguments: boolean;
  /** `@path`: the file is read when the command is run. */
  files: string[];
  /** !`command`: its output takes the command's place. */
  shell: string[];
};

/** Of what is only shown. */
const MAX_FILES = 50;
const ARGUMENT = /\$(?:ARGUMENTS(?:\[\d+\])?|\d)/;
/** Wider than what Claude Code takes for one, which has to stand behind a space: to be asked once too often costs little. */
const SHELL = /!`([^`]+)`/g;
/** More backticks may stand before; a pattern that takes them along takes the square of a long run of them. */
const SHELL_BLOCK = /```!\s*([\s\S]*?)(?:`{3}|$)/g;
const FILE = /(?:^|\s)@((?:"[^"\n]{1,500}")|[^\s`"]{1,500})/g;

export function readBody(body: string): CommandParts {
  const commands = [...body.matchAll(SHELL_BLOCK), ...body.matchAll(SHELL)].map(([, command = ""]) => command.trim());
  return {
    takesArguments: ARGUMENT.test(body),
    files: unique([...body.matchAll(FILE)].map(([, path = ""]) => path.replace(/^"|"$/g, ""))).slice(0, MAX_FILES),
    shell: unique(commands.filter((command) => command !== "")),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
