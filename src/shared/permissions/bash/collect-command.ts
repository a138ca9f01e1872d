// Takes one simple command into the findings, and with it every command that it starts: wrappers, shells, `find -exec`.
import { judgeBuiltin } from "./builtins.ts";
import { isHarmlessVariable, variableHazard } from "./environment.ts";
import { judgeOptions } from "./option-hazards.ts";
import { type CommandWord, type Findings, HOLE, knownText, programName } from "./parsed-command.ts";
import { findResults } from "./find-results.ts";
import { noteSetVariables, noteVariable } from "./variables.ts";
import { readMove } from "./working-directory.ts";
import { readWrapper } from "./wrapper-options.ts";
import { OPAQUE, SHELL_OPTIONS, SHELLS, WRAPPERS, type WrapperSpec, XARGS } from "./wrapper-table.ts";

/** What a program's word may be written of. Anything else, a look-alike letter too, is not taken for a program. */
const PROGRAM = /^[\w@%+=:,./~[\]!^][\w@%+=:,./~[\]!^-]*$/;
const MAX_COMMANDS = 500;

export function collectCommand(words: readonly CommandWord[], found: Findings): void {
  const program = knownText(words[0]);
  if (program === null) return doubt(found, "which program it runs is known only when it runs");
  if (!PROGRAM.test(program)) return doubt(found, "the name of a program in it has unusual characters");
  if (found.commands.length >= MAX_COMMANDS) return doubt(found, "it holds too many commands");
  const name = programName({ words });
  const isTransparent = takeStarted(name, words, found);
  found.commands.push({ words, transparent: isTransparent });
  for (const why of [judgeBuiltin(name, words), OPAQUE.has(name) ? OPAQUE_REASON : null]) {
    if (why !== null) doubt(found, why);
  }
  const hazard = judgeOptions(name, words);
  if (hazard !== null) found.hazards.push(hazard);
  const move = readMove(words, found.isRepeated);
  if (move !== null) found.moves.push(move);
  noteSetVariables(words, found);
}

const OPAQUE_REASON = "it starts a program that can run any other command";

/** Collects what the command starts. True when the command adds nothing of its own to that. */
function takeStarted(name: string, words: readonly CommandWord[], found: Findings): boolean {
  const wrapper = WRAPPERS.get(name);
  if (wrapper !== undefined) return takeWrapped(words, wrapper, found);
  if (SHELLS.has(name)) return takeShell(words, found);
  if (name === "xargs") return takeXargs(words, found);
  if (name === "find") takeFindActions(words, found);
  if (name === "eval") return takeText(words.slice(1), found);
  if (name === "trap") return takeTrap(words, found);
  return false;
}

function takeWrapped(words: readonly CommandWord[], spec: WrapperSpec, found: Findings): boolean {
  // `command -v x` only looks x up.
  if (words[0]?.shape === "command" && /^-[vV]+$/.test(words[1]?.shape ?? "")) return false;
  const reading = readWrapper(words, spec);
  if (!reading.ok) {
    doubt(found, "the arguments of a program that starts another one are not understood");
    return false;
  }
  for (const name of reading.assigned) {
    if (!isHarmlessVariable(name)) found.hazards.push(variableHazard(name));
    noteVariable(found, name);
  }
  if (reading.rest.length === 0) return false;
  collectCommand(reading.rest, found);
  return !spec.needsRule;
}

/** `bash -c TEXT` runs the text; `bash FILE` is a command like any other; else the shell reads what it is fed. */
function takeShell(words: readonly CommandWord[], found: Findings): boolean {
  const reading = readWrapper(words, SHELL_OPTIONS);
  const text = reading.ok ? knownText(reading.rest[0]) : null;
  if (!reading.ok || text === null || /^(?:\/dev\/|\/proc\/|-$|\+)/.test(text)) {
    doubt(found, "it starts a shell whose commands cannot be read here");
    return false;
  }
  if (!reading.options.includes("c")) return false;
  found.readNested(text, found);
  return true;
}

function takeXargs(words: readonly CommandWord[], found: Findings): boolean {
  const reading = readWrapper(words, XARGS);
  if (!reading.ok) {
    doubt(found, "the arguments of xargs are not understood");
    return false;
  }
  if (reading.rest.length === 0) return false;
  // With -I what is read takes the place of a mark, so any word may change.
  const isReplacing = reading.options.includes("I");
  const unknown = { shape: HOLE, splits: true };
  const [program = unknown, ...args] = reading.rest;
  const isProgramFixed = !isReplacing || /^[a-z]+$/.test(program.shape);
  if (!isProgramFixed) return takeText([unknown], found);
  collectCommand([program, ...(isReplacing ? args.map(() => unknown) : args), unknown], found);
  return true;
}

/** `-exec` and its like, up to `;` or `+`. What is found takes the place of `{}`. */
function takeFindActions(words: readonly CommandWord[], found: Findings): void {
  const results = findResults(words);
  for (let at = 1; at < words.length; at += 1) {
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(words[at]?.shape ?? "")) continue;
    const length = words.slice(at + 1).findIndex((word, index, rest) => isActionEnd(word, rest[index - 1]));
    if (length < 1) return doubt(found, "the command behind find's -exec is not understood");
    // `-execdir` starts it wherever something is found.
    if (words[at]?.shape.endsWith("dir") === true) found.moves.push({ paths: [HOLE], isRepeated: true });
    const started = words.slice(at + 1, at + 1 + length);
    collectCommand(
      started.map((word) => fillResults(word, results)),
      found,
    );
    at += length + 1;
  }
}

function fillResults(word: CommandWord, results: readonly string[]): CommandWord {
  if (word.shape === "{}") return { shape: HOLE, splits: word.splits, paths: results };
  if (!word.shape.includes("{}")) return word;
  return { shape: word.shape.replaceAll("{}", HOLE), splits: word.splits, paths: [HOLE] };
}

/** A `+` ends the action only behind `{}`. */
function isActionEnd(word: CommandWord, before: CommandWord | undefined): boolean {
  return word.shape === ";" || (word.shape === "+" && before?.shape === "{}");
}

/** `eval` joins its arguments with spaces. */
function takeText(words: readonly CommandWord[], found: Findings): boolean {
  const texts = words.map(knownText);
  if (texts[0] === "--") texts.shift();
  if (texts.includes(null)) {
    doubt(found, "it evaluates a text that is known only when it runs");
    return false;
  }
  found.readNested(texts.join(" "), found);
  return true;
}

/** `trap TEXT SIGNAL…`; `trap - SIGNAL` and `trap` alone run nothing. */
function takeTrap(words: readonly CommandWord[], found: Findings): boolean {
  const [, ...args] = words;
  if (knownText(args[0]) === "--") args.shift();
  if (args.length < 2) return false;
  const text = knownText(args[0]);
  if (text === "-" || text === "") return false;
  return takeText(args.slice(0, 1), found);
}

function doubt(found: Findings, why: string): void {
  found.doubts.push(why);
}
