// Tells the arguments of grep and rg apart: what is looked for, what limits the search, and where it goes.
import type { CommandWord } from "./parsed-command.ts";
import { mayBeOption, pathsOf } from "./path-shape.ts";

type SearchSpec = {
  /** Letters of options that take a value. */
  short: string;
  /** All long options that do. A beginning means the same. */
  long: readonly string[];
};

const list = (names: string): readonly string[] => names.split(" ");

const GREP: SearchSpec = {
  short: "ABCmdDef",
  long: list(
    "after-context before-context context max-count regexp file label directories devices include exclude exclude-from " +
      "exclude-dir binary-files group-separator",
  ),
};
const RG: SearchSpec = {
  short: "ABCmgtTjMEref",
  long: list(
    "after-context before-context context max-count glob iglob type type-not type-add type-clear threads max-columns " +
      "encoding replace regexp file ignore-file sort sortr max-depth max-filesize color colors context-separator " +
      "field-context-separator field-match-separator path-separator engine pre pre-glob dfa-size-limit regex-size-limit " +
      "hostname-bin hyperlink-format generate",
  ),
};
const SPECS: ReadonlyMap<string, SearchSpec> = new Map([
  ["grep", GREP],
  ["egrep", GREP],
  ["fgrep", GREP],
  ["rg", RG],
]);
const FILE_OPTION = /^(?:f|file|exclude-from|ignore-file)$/;
const EXPRESSION_OPTION = /^(?:e|f|regexp|file)$/;
const GLOB_OPTION = /^(?:g|i?glob|include)$/;

export type SearchArguments = {
  /** Files and folders that are searched. */
  operands: readonly CommandWord[];
  /** Files that options name. */
  files: readonly string[];
  /** Names that the search is limited to, or that it takes though they are hidden. */
  globs: readonly string[];
};

type Option = { name: string; value: readonly string[] };

/** Null for another program. */
export function readSearch(program: string, args: readonly CommandWord[]): SearchArguments | null {
  const spec = SPECS.get(program);
  if (spec === undefined) return null;
  const { options, operands } = splitArguments(spec, args);
  const valuesOf = (names: RegExp): string[] => options.flatMap(({ name, value }) => (names.test(name) ? value : []));
  const [expression] = operands;
  // A word that splits, or that may be an option, may bring the expression as well as files.
  const isExpression =
    !options.some(({ name }) => EXPRESSION_OPTION.test(name)) &&
    expression !== undefined &&
    !operands.some((word) => pathsOf(word).some(mayBeOption)) &&
    !expression.splits;
  return {
    operands: isExpression ? operands.slice(1) : operands,
    files: valuesOf(FILE_OPTION),
    globs: valuesOf(GLOB_OPTION),
  };
}

function splitArguments(spec: SearchSpec, args: readonly CommandWord[]) {
  const options: Option[] = [];
  const operands: CommandWord[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as CommandWord;
    if (word.shape === "--") return { options, operands: [...operands, ...args.slice(at + 1)] };
    const option = /^-./.test(word.shape) ? readOption(spec, word) : null;
    if (option === null) operands.push(word);
    else {
      const next = option.value === null ? args[(at += 1)] : undefined;
      options.push({ name: option.name, value: option.value ?? (next === undefined ? [] : pathsOf(next)) });
      // A value that splits leaves operands behind.
      if (next?.splits === true) operands.push(next);
    }
  }
  return { options, operands };
}

/** `value` is null when it is the next word. */
function readOption(spec: SearchSpec, word: CommandWord): { name: string; value: readonly string[] | null } {
  const { shape } = word;
  const behind = (length: number): readonly string[] => pathsOf(word).map((path) => path.slice(length));
  if (shape.startsWith("--")) {
    const [name = ""] = shape.slice(2).split("=");
    if (shape.includes("=")) return { name: nameIn(spec, name), value: behind(name.length + 3) };
    return { name: nameIn(spec, name), value: spec.long.some((long) => long.startsWith(name)) ? null : [] };
  }
  const at = shape.split("").findIndex((letter, index) => index > 0 && spec.short.includes(letter));
  if (at < 0) return { name: "", value: [] };
  return { name: shape.charAt(at), value: at === shape.length - 1 ? null : behind(at + 1) };
}

/** The whole name of an option that may be written by its beginning. */
function nameIn({ long }: SearchSpec, name: string): string {
  return long.includes(name) ? name : (long.find((known) => known.startsWith(name)) ?? name);
}
