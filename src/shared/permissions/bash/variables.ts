// Remembers what a command gives its own variables, so that a path which is made of them can be told.
import { type CommandWord, type Findings, HOLE, programName } from "./parsed-command.ts";
import { toValues } from "./path-shape.ts";

const UNKNOWN: CommandWord = { shape: HOLE, splits: true };
const SETTERS = new Set(
  "read mapfile readarray getopts printf declare typeset local export readonly unset let".split(" "),
);

/** One more value that it may have. */
export function noteVariable(found: Findings, name: string, value: CommandWord = UNKNOWN): void {
  found.variables.set(name, [...(found.variables.get(name) ?? []), ...toValues(value)]);
}

/** For builtins that set the variables that they name. */
export function noteSetVariables(words: readonly CommandWord[], found: Findings): void {
  if (!SETTERS.has(programName({ words }))) return;
  for (const { shape } of words.slice(1)) {
    const [, name, value] = /^(\w+)(?:=(.*))?/s.exec(shape) ?? [];
    if (name === undefined) continue;
    noteVariable(found, name, value === undefined ? UNKNOWN : { shape: value, splits: false });
  }
}
