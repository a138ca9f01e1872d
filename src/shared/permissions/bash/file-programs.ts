// Which files a simple command names among its arguments. Best effort, for rules that forbid or ask alone.
import { listGitFiles } from "./git-files.ts";
import { type CommandWord, type FileAccess, HOLE, programName, type SimpleCommand } from "./parsed-command.ts";
import { mayBeOption, pathIn, pathsOf } from "./path-shape.ts";
import { readTree } from "./read-tree.ts";
import { readSearch } from "./search-arguments.ts";
import { WRAPPERS } from "./wrapper-table.ts";

const set = (names: string): ReadonlySet<string> => new Set(names.split(" "));

const READERS = set(
  "cat tac nl head tail less more bat grep egrep fgrep rg sed awk gawk mawk cut sort uniq wc xxd od hexdump hd strings " +
    "base64 base32 diff cmp comm join paste column fold fmt pr rev tr shuf jq cp scp rsync mv ln tar zip gzip zcat source .",
);
const WRITERS = set(
  "tee rm rmdir unlink shred mv cp ln touch truncate chmod chown sed dd install rsync scp gzip gunzip patch unzip",
);
/** They say nothing of what is in a file; the variables that they set are looked at elsewhere. */
const SILENT = set(
  "echo printf ls test [ pwd cd pushd popd which type true false : exit return sleep kill wait basename dirname realpath " +
    "readlink mkdir stat export declare typeset local readonly unset set read mapfile readarray getopts trap shift command",
);
/** Silent too, but for options that name a file which they read. */
const LISTERS: ReadonlyMap<string, RegExp> = new Map([
  ["file", /^-\w*[fm]$|^--[fm]/],
  ["du", /^-\w*X$|^--(?:fi|exclude-f)/],
  ["date", /^-\w*f$|^--f/],
  ["find", /^-files0-from$/],
  ["xargs", /^-\w*a$|^--a/],
]);
/** Programs whose first argument is no file, unless one of these options brings it. */
const EXPRESSIONS: ReadonlyMap<string, RegExp> = new Map([
  ["sed", /^-[A-Za-z]*[ef]|^--[ef]/],
  ...["awk", "gawk", "mawk"].map((name) => [name, /^-[A-Za-z]*[fEei]|^--/] as const),
  ["jq", /^-[A-Za-z]*f|^--f/],
]);
/** What is left out is named by it, not read. */
const LEAVES_OUT = /^--exclude(?:-dir)?=/;
/** Their arguments are programs, which may name files. */
const INTERPRETERS = /^(?:sed|[gm]?awk|perl|python[\d.]*|ruby|php|node|deno|bun|lua|make)$/;

export function listNamedFiles(command: SimpleCommand): FileAccess[] {
  const name = programName(command);
  const args = command.words.slice(1);
  if (name === "git") return listGitFiles(args);
  const lists = LISTERS.get(name);
  if (lists !== undefined) return listOptionFiles(args, lists);
  if (command.transparent || SILENT.has(name) || WRAPPERS.has(name)) return [];
  const isReader = READERS.has(name);
  const isWriter = WRITERS.has(name);
  const quoted = INTERPRETERS.test(name) ? args.flatMap((word) => readTokens(word, /[^\w.~/*@+-]+/)) : [];
  const others = isReader || isWriter ? [] : args.flatMap((word) => readTokens(word, /[=@:,]/));
  const paths = isReader || isWriter ? listOperands(name, args) : [];
  return [
    ...[...quoted, ...others].map((path): FileAccess => ({ access: "read", path, isSure: false })),
    ...(isReader ? paths.map((path): FileAccess => ({ access: "read", path, isSure: true })) : []),
    ...(isWriter ? paths.map((path): FileAccess => ({ access: "write", path, isSure: true })) : []),
  ];
}

/** What they may name, folders with what lies in them where the program goes through them. */
function listOperands(name: string, args: readonly CommandWord[]): string[] {
  const search = readSearch(name, args);
  const words = search === null ? withoutExpression(name, args) : search.operands;
  const named = words.filter((word) => !LEAVES_OUT.test(word.shape)).flatMap(pathsOf);
  const paths = search === null ? named.flatMap(readArgument) : [...named, ...search.files];
  const tree = readTree(name, args, { operands: words, globs: search?.globs ?? [] });
  const folders = ["", ...tree.bases];
  return [...paths, ...tree.paths].flatMap((path) => folders.map((folder) => pathIn(folder, path)));
}

/** The value of an option; a word such as `if=x` may be read both ways. */
function readArgument(path: string): string[] {
  if (path.startsWith("-") && path.includes(HOLE)) return [HOLE];
  const behindEquals = path.includes("=") ? [path.slice(path.indexOf("=") + 1)] : [];
  if (path.startsWith("--")) return behindEquals;
  if (path.startsWith("-")) return [path.slice(2), ...(/^-[\w]+(\W.*)$/s.exec(path)?.slice(1) ?? [])];
  return [path, ...behindEquals];
}

function withoutExpression(name: string, args: readonly CommandWord[]): readonly CommandWord[] {
  const brings = EXPRESSIONS.get(name);
  if (brings === undefined || args.some((word) => brings.test(word.shape))) return args;
  const at = args.findIndex((word) => !word.shape.startsWith("-"));
  const isFixed = args.slice(0, at + 1).every((word) => !word.splits && !pathsOf(word).some(mayBeOption));
  return isFixed ? args.filter((_, index) => index !== at) : args;
}

function readTokens(word: CommandWord, separators: RegExp): string[] {
  return pathsOf(word).flatMap((path) => [path, ...path.split(separators)]);
}

/** A word that is not known may be such an option. */
function listOptionFiles(args: readonly CommandWord[], lists: RegExp): FileAccess[] {
  const paths = args.flatMap((word, index) => {
    if (lists.test(args[index - 1]?.shape ?? "")) return pathsOf(word);
    if (lists.test(word.shape) || /^-\w[^\w-]/.test(word.shape)) return pathsOf(word).flatMap(readArgument);
    return pathsOf(word).filter(mayBeOption);
  });
  return paths.map((path): FileAccess => ({ access: "read", path, isSure: true }));
}
