// The shell's own commands that change what later words mean. Each is understood in its harmless forms alone.
import { isHarmlessVariable } from "./environment.ts";
import { type CommandWord, knownText } from "./parsed-command.ts";

type Judge = (words: readonly CommandWord[]) => boolean;

const never: Judge = () => false;

/** True when the use is harmless. */
const JUDGES: ReadonlyMap<string, { isFine: Judge; why: string }> = new Map([
  ["source", { isFine: never, why: "it reads commands from a file" }],
  [".", { isFine: never, why: "it reads commands from a file" }],
  ["alias", { isFine: never, why: "it gives a command another meaning" }],
  ["unalias", { isFine: never, why: "it gives a command another meaning" }],
  ["enable", { isFine: never, why: "it gives a command another meaning" }],
  ["hash", { isFine: never, why: "it gives a command another meaning" }],
  ["shopt", { isFine: never, why: "it changes how the shell reads commands" }],
  ["bind", { isFine: never, why: "it can run any other command" }],
  ["complete", { isFine: never, why: "it can run any other command" }],
  ["compgen", { isFine: never, why: "it can run any other command" }],
  ["fc", { isFine: never, why: "it can run any other command" }],
  ["let", { isFine: never, why: "it calculates with something else than plain numbers" }],
  ["set", { isFine: isPlainSet, why: "it changes how the shell reads commands" }],
  ["export", { isFine: isPlainDeclaration, why: "it declares variables in a way that is not understood" }],
  ["readonly", { isFine: isPlainDeclaration, why: "it declares variables in a way that is not understood" }],
  ["declare", { isFine: isPlainDeclaration, why: "it declares variables in a way that is not understood" }],
  ["typeset", { isFine: isPlainDeclaration, why: "it declares variables in a way that is not understood" }],
  ["local", { isFine: isPlainDeclaration, why: "it declares variables in a way that is not understood" }],
  ["unset", { isFine: isPlainDeclaration, why: "it changes a variable that is not known to be harmless" }],
  ["read", { isFine: setsHarmless, why: "it changes a variable that is not known to be harmless" }],
  ["mapfile", { isFine: setsHarmless, why: "it changes a variable that is not known to be harmless" }],
  ["readarray", { isFine: setsHarmless, why: "it changes a variable that is not known to be harmless" }],
  ["getopts", { isFine: setsHarmless, why: "it changes a variable that is not known to be harmless" }],
  ["printf", { isFine: isPlainPrintf, why: "it changes a variable that is not known to be harmless" }],
  ["wait", { isFine: hasNoOption, why: "it changes a variable that is not known to be harmless" }],
  ["test", { isFine: isPlainTest, why: "it tests something that is known only when it runs" }],
  ["[", { isFine: isPlainTest, why: "it tests something that is known only when it runs" }],
]);

/** Why the command is not understood; null when it is. */
export function judgeBuiltin(name: string, words: readonly CommandWord[]): string | null {
  const judge = JUDGES.get(name);
  return judge === undefined || judge.isFine(words.slice(1)) ? null : judge.why;
}

function isPlainSet(args: readonly CommandWord[]): boolean {
  const fine = /^(?:[-+][euxvfo]+|pipefail|errexit|nounset|xtrace)$/;
  return args.every((word) => fine.test(knownText(word) ?? ""));
}

function isPlainDeclaration(args: readonly CommandWord[]): boolean {
  return args.every((word) => {
    if (word.splits) return false;
    if (/^-[xrgaAlu]+$/.test(word.shape)) return true;
    const name = /^(\w+)(?:\+?=|$)/.exec(word.shape)?.[1];
    return name !== undefined && isHarmlessVariable(name);
  });
}

function setsHarmless(args: readonly CommandWord[]): boolean {
  return args.every((word) => {
    const text = knownText(word);
    return text !== null && (/^-[rstnNudeiE]+$/.test(text) || /^\d+$/.test(text) || isHarmlessVariable(text));
  });
}

function isPlainPrintf(args: readonly CommandWord[]): boolean {
  return knownText(args[0])?.startsWith("-v") === false;
}

function hasNoOption(args: readonly CommandWord[]): boolean {
  return args.every((word) => !word.shape.startsWith("-"));
}

/** `-v` and `-R` evaluate what they are given; an argument that splits may become such an option. */
function isPlainTest(args: readonly CommandWord[]): boolean {
  const unknownAt = args.map((word) => knownText(word) === null);
  return args.every(
    (word, index) =>
      !word.splits && !/^-[vR]$/.test(word.shape) && !(unknownAt[index] === true && unknownAt[index + 1] === true),
  );
}
