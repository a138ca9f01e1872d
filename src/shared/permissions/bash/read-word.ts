// Reads a word of the tree into its shape: quoting removed, a HOLE for what only running would tell.
import type { Assignment, DoubleQuotedChild, Word, WordPart } from "unbash";
import { type CommandWord, HOLE } from "./parsed-command.ts";

export function readWord(word: Word): CommandWord {
  const pieces = word.parts === undefined ? [literal(word.value)] : word.parts.map(readPart);
  const shape = pieces.map((piece) => piece.shape).join("");
  return { shape: readTilde(word.text, shape), splits: pieces.some((piece) => piece.splits) };
}

/** `NAME=value` behind `export` and its like. */
export function readAssignment(assignment: Assignment): CommandWord {
  const { name, append, index, value } = assignment;
  const known = value.type === "Word" && index === undefined;
  const text = known ? readWord(value).shape : HOLE;
  return { shape: `${name}${append === true ? "+=" : "="}${text}`, splits: false };
}

/** An unquoted `~/` means the home directory, `~name` somebody's; a quoted one is a plain file name. */
function readTilde(source: string, shape: string): string {
  if (!shape.startsWith("~")) return shape;
  if (!source.startsWith("~")) return `./${shape}`;
  if (shape === "~" || shape.startsWith("~/")) return shape;
  return `${HOLE}${shape.includes("/") ? shape.slice(shape.indexOf("/")) : ""}`;
}

function readPart(part: WordPart): CommandWord {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return literal(part.value);
    case "DoubleQuoted":
      return join(part.parts.map(readQuoted));
    case "ProcessSubstitution":
    case "LocaleString":
      return { shape: HOLE, splits: false };
    case "Glob":
    case "SimpleExpansion":
    case "ParameterExpansion":
    case "CommandExpansion":
    case "ArithmeticExpansion":
    case "ExtendedGlob":
    case "BraceExpansion":
      return { shape: HOLE, splits: true };
  }
}

/** Inside double quotes only `$@` and `${list[@]}` become several words. */
function readQuoted(part: DoubleQuotedChild): CommandWord {
  if (part.type === "Literal") return literal(part.value);
  return { shape: HOLE, splits: part.type !== "CommandExpansion" && part.text.includes("@") };
}

function literal(value: string): CommandWord {
  return { shape: value, splits: false };
}

function join(pieces: readonly CommandWord[]): CommandWord {
  return { shape: pieces.map((piece) => piece.shape).join(""), splits: pieces.some((piece) => piece.splits) };
}
