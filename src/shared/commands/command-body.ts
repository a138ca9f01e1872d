// What a command's text does besides being text: places for arguments, files that it brings in, shell commands that it runs.

export type CommandParts = {
  /** `$ARGUMENTS`, and `$0`, `$1`, … for one argument each, counted from 0. */
  takesArguments: boolean;
  /** `@path`: the file is read when the command is run. */
  files: string[];
  /** !`command`: its output takes the command's place. */
  shell: string[];
};

const MAX_FOUND = 50;
const ARGUMENT = /\$(?:ARGUMENTS(?:\[\d+\])?|\d)/;
const SHELL = /(?:^|[\s([{>*_"'-])!`([^`\n]+)`/g;
const SHELL_FENCE = /^[ \t]*```![ \t]*\n([\s\S]*?)^[ \t]*```/gm;
const FILE = /(?:^|\s)@((?:"[^"\n]{1,500}")|[^\s`"]{1,500})/g;

export function readBody(body: string): CommandParts {
  const inline = [...body.matchAll(SHELL), ...body.matchAll(SHELL_FENCE)].map(([, command = ""]) => command.trim());
  return {
    takesArguments: ARGUMENT.test(body),
    files: unique([...body.matchAll(FILE)].map(([, path = ""]) => path.replace(/^"|"$/g, ""))),
    // Anything that may be one counts: to be asked once too often costs little.
    shell: unique(inline.length > 0 || !body.includes("!`") ? inline : [body.slice(body.indexOf("!`")).slice(0, 200)]),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].slice(0, MAX_FOUND);
}
