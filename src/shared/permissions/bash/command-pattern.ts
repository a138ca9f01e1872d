// The argument of a Bash rule, `git *` in `Bash(git *)`, and how a simple command is held against it.
import { compileWildcard, matchesWildcard, mayMatchWildcard, type WildcardPattern } from "../rules/wildcard.ts";
import { type CommandWord, HOLE, isKnown, programName, type SimpleCommand } from "./parsed-command.ts";

export type CommandPattern = {
  /** The command is taken when one of them takes it. */
  alternatives: readonly WildcardPattern[];
  /** The same, blind to which spaces stand inside a word: for rules that forbid or ask. */
  loose: readonly WildcardPattern[];
  /** The last token is `*`. */
  endsOpen: boolean;
};

/** A space inside one word: only `*` takes it, so that `git "log x"` is not `git log x`. */
const INNER_SPACE = "\u0001";
/** Stands for whatever comes behind the first unknown stretch. */
const UNKNOWN_END = "\u0002";
/** Where a program of that name is the system's own. */
const SYSTEM_PROGRAM = /^\/(?:usr\/)?s?bin\/([^/]+)$/;
/** Words before the subcommand that are looked behind, as in `git -C dir push`. */
const MAX_LEADING_WORDS = 12;

/** `git:*` is `git *`, and a last ` *` alone takes the bare command too: `git *` takes `git`, not `gitk`. */
export function compileCommandPattern(source: string): CommandPattern {
  const spaced = source.endsWith(":*") ? `${source.slice(0, -2)} *` : source;
  const text = removeQuotes(spaced.trim().replaceAll(/[ \t]+/g, " "));
  const pattern = compileWildcard(text);
  const isOnlyLastStar = text.endsWith(" *") && pattern.indexOf(null) === pattern.length - 1;
  const alternatives = isOnlyLastStar ? [pattern, pattern.slice(0, -2)] : [pattern];
  const loosen = (token: string | null): string | null => (token === INNER_SPACE ? " " : token);
  return {
    alternatives,
    loose: alternatives.map((alternative) => alternative.map(loosen)),
    endsOpen: pattern.at(-1) === null,
  };
}

/** For an auto rule: true only if the pattern takes the command whatever its unknown stretches become. */
export function coversCommand(pattern: CommandPattern, command: SimpleCommand): boolean {
  const program = command.words[0]?.shape ?? "";
  const short = SYSTEM_PROGRAM.exec(program)?.[1];
  return [program, ...(short === undefined ? [] : [short])].some((name) =>
    knownBeginnings([{ shape: name, splits: false }, ...command.words.slice(1)], pattern.endsOpen).every((line) =>
      pattern.alternatives.some((alternative) => matchesWildcard(alternative, line)),
    ),
  );
}

/** For a rule that forbids or asks: `maybe` when it depends on what is known only at run time. */
export function hitsCommand(pattern: CommandPattern, command: SimpleCommand): "yes" | "maybe" | "no" {
  const names = [...new Set([command.words[0]?.shape ?? "", programName(command)])];
  const lines = names.flatMap((name) => withoutLeadingOptions(name, command.words.slice(1))).map(toLine);
  const known = lines.filter((line) => !line.includes(HOLE));
  if (known.some((line) => pattern.loose.some((loose) => matchesWildcard(loose, line)))) return "yes";
  if (pattern.endsOpen && coversCommand(pattern, command)) return "yes";
  return lines.some((line) => pattern.loose.some((loose) => mayMatchWildcard(loose, line))) ? "maybe" : "no";
}

/**
 * The lines that all have to match. Behind the first unknown stretch anything may stand, so the pattern has to end in
 * `*`; a word that may vanish is tried both ways.
 */
function knownBeginnings(words: readonly CommandWord[], endsOpen: boolean): string[] {
  const at = words.findIndex((word) => !isKnown(word));
  const known = words
    .slice(0, at === -1 ? words.length : at)
    .map((word) => word.shape.replaceAll(" ", INNER_SPACE))
    .join(" ");
  const unknown = words[at];
  if (unknown === undefined) return [known];
  if (!endsOpen) return [HOLE];
  const begun = `${known} ${unknown.shape.split(HOLE)[0]?.replaceAll(" ", INNER_SPACE) ?? ""}${UNKNOWN_END}`;
  return unknown.splits ? [known, begun] : [begun];
}

/** The words as they are, and again without the options that stand before a subcommand, each with or without a value. */
function withoutLeadingOptions(name: string, args: readonly CommandWord[]): CommandWord[][] {
  const program = { shape: name, splits: false };
  const lines: CommandWord[][] = [[program, ...args]];
  for (let at = 1; at <= Math.min(args.length, MAX_LEADING_WORDS); at += 1) {
    const isOption = (word: CommandWord | undefined): boolean => word?.shape.startsWith("-") === true;
    if (!isOption(args[at - 1]) && !(at >= 2 && isOption(args[at - 2]))) break;
    // So many options hide the subcommand: it may be any.
    lines.push([program, ...(at === MAX_LEADING_WORDS ? [{ shape: HOLE, splits: true }] : args.slice(at))]);
  }
  return lines;
}

/** A word that may vanish takes its space with it; what fills a HOLE may hold spaces. */
function toLine(words: readonly CommandWord[]): string {
  return words
    .map((word, index) => (index === 0 || (word.splits && word.shape.startsWith(HOLE)) ? word.shape : ` ${word.shape}`))
    .join("");
}

/** Commands are compared after their quoting is removed, so a rule's quotes only keep its spaces together. */
function removeQuotes(text: string): string {
  return text.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double: string | undefined, single: string | undefined) =>
    (double ?? single ?? "").replaceAll(" ", INNER_SPACE),
  );
}
