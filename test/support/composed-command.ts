// Composes shell commands from known simple ones, so that a test knows what runs without reading the command.
import * as fc from "fast-check";

export type Composed = {
  text: string;
  /** Every simple command in it, words joined by a space. */
  runs: readonly string[];
};

/** Words are letters, digits, `-`, `/` and `.`, so that every way to quote them means the same. */
type Spelling = (word: string) => string;

const characters = (word: string, spell: (character: string) => string): string => word.split("").map(spell).join("");
const hex = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;

const SPELLINGS: readonly Spelling[] = [
  (word) => word,
  (word) => word,
  (word) => `'${word}'`,
  (word) => `"${word}"`,
  (word) => characters(word, (character) => `\\${character}`),
  (word) => `$'${characters(word, hex)}'`,
  (word) => `${word.slice(0, 1)}''${word.slice(1)}`,
  (word) => `${word.slice(0, 1)}"${word.slice(1)}"`,
  (word) => `${word.slice(0, 1)}\\\n${word.slice(1)}`,
];

const spelled = (word: string): fc.Arbitrary<string> => fc.constantFrom(...SPELLINGS).map((spell) => spell(word));
const space = fc.constantFrom(" ", " ", "  ", "\t", " \\\n ");

/** Quotes a whole text for a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function spellCommand(command: string): fc.Arbitrary<Composed> {
  const words = command.split(" ");
  return fc
    .tuple(fc.tuple(...words.map(spelled)), fc.array(space, { minLength: words.length, maxLength: words.length }))
    .map(([spellings, spaces]) => ({
      text: spellings.map((word, index) => (index === 0 ? word : `${spaces[index] ?? " "}${word}`)).join(""),
      runs: [command],
    }));
}

/** In front of one simple command. */
const PREFIXES = [
  "timeout 5 ",
  "nice -n 3 ",
  "nohup ",
  "env CI=1 ",
  "command ",
  "exec ",
  "stdbuf -oL ",
  "CI=1 ",
  "timeout -k 1 5 env -i nice ",
  "xargs -n 1 ",
];

/** Around one. */
const around: readonly ((inner: Composed) => Composed)[] = [
  ({ text, runs }) => ({ text: `( ${text}\n)`, runs }),
  ({ text, runs }) => ({ text: `{ ${text}\n}`, runs }),
  ({ text, runs }) => ({ text: `! { ${text}\n}`, runs }),
  ({ text, runs }) => ({ text: `if [[ -f a ]]; then ${text}\nfi`, runs }),
  ({ text, runs }) => ({ text: `while ${text}\ndo ${text}\ndone`, runs }),
  ({ text, runs }) => ({ text: `for f in a b; do ${text}\ndone`, runs }),
  ({ text, runs }) => ({ text: `case a in b|c) ${text}\n;; esac`, runs }),
  ({ text, runs }) => ({ text: `bash -c ${quoted(text)}`, runs }),
  ({ text, runs }) => ({ text: `eval ${quoted(text)}`, runs }),
  ({ text, runs }) => ({ text: `v=$( ${text}\n)`, runs }),
  ({ text, runs }) => ({ text: `say "$( ${text}\n)"`, runs: ["say", ...runs] }),
  ({ text, runs }) => ({ text: `say <( ${text}\n)`, runs: ["say", ...runs] }),
  ({ text, runs }) => ({ text: `say \${v:-$( ${text}\n)}`, runs: ["say", ...runs] }),
  ({ text, runs }) => ({ text: `say <<E${text.length}\n$( ${text}\n)\nE${text.length}`, runs: ["say", ...runs] }),
  ({ text, runs }) => ({ text: `say >/dev/null 2>&1 # remark\n${text}`, runs: ["say", ...runs] }),
];

const JOINS = [";", "&&", "||", "|", "|&", "&", "\n", " ;\n"];

/** Commands composed of the given simple ones. `say` is used besides them. */
export function composedCommand(simple: readonly string[]): fc.Arbitrary<Composed> {
  const one = fc.constantFrom(...simple).chain(spellCommand);
  const prefixed = fc
    .tuple(fc.constantFrom(...PREFIXES), one)
    .map(([prefix, { text, runs }]) => ({ text: prefix + text, runs }));
  return fc.letrec<{ any: Composed }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      one,
      prefixed,
      fc.tuple(tie("any"), fc.constantFrom(...around)).map(([inner, wrap]) => wrap(inner)),
      fc.tuple(tie("any"), fc.constantFrom(...JOINS), tie("any")).map(([left, join, right]) => ({
        text: `{ ${left.text}\n} ${join} { ${right.text}\n}`,
        runs: [...left.runs, ...right.runs],
      })),
    ),
  })).any;
}
