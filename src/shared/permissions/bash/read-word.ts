// Reads a word of the tree into its shape: quoting removed, a HOLE for what only running would tell.
import type { Assignment, DoubleQuotedChild, Word, WordPart } from "unbash";
import { type CommandWord, HOLE } from "./parsed-command.ts";
import { bracePaths, GLOB, joinPaths, literalPath, pathsOf, variablePath } from "./path-shape.ts";

export function readWord(word: Word): CommandWord {
  const {
    shape,
    splits,
    paths = [],
  } = join(word.parts === undefined ? [literal(word.value)] : word.parts.map(readPart));
  const read = (text: string): string => readTilde(word.text.startsWith("{") ? "~" : word.text, text);
  return { shape: readTilde(word.text, shape), splits, paths: paths.map(read) };
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
      // It names no file; what runs in it is looked at by itself.
      return { shape: HOLE, splits: false, paths: [] };
    case "LocaleString":
      return { shape: HOLE, splits: false };
    case "Glob":
      return { shape: HOLE, splits: true, paths: [isPlainGlob(part) ? GLOB : HOLE] };
    case "BraceExpansion":
      return { shape: HOLE, splits: true, paths: bracePaths(part.text) };
    case "SimpleExpansion":
    case "ParameterExpansion":
      return { shape: HOLE, splits: true, paths: [readVariable(part)] };
    case "CommandExpansion":
    case "ArithmeticExpansion":
    case "ExtendedGlob":
      return { shape: HOLE, splits: true };
  }
}

/** Inside double quotes only `$@` and `${list[@]}` become several words. */
function readQuoted(part: DoubleQuotedChild): CommandWord {
  if (part.type === "Literal") return literal(part.value);
  const isVariable = part.type === "SimpleExpansion" || part.type === "ParameterExpansion";
  const splits = part.type !== "CommandExpansion" && part.text.includes("@");
  return { shape: HOLE, splits, paths: [isVariable ? readVariable(part) : HOLE] };
}

/** `$x` and `${x}`; what is done to a variable's value is not followed. */
function readVariable(part: Extract<WordPart, { type: "SimpleExpansion" | "ParameterExpansion" }>): string {
  if (part.type === "SimpleExpansion") return variablePath(part.text.slice(1));
  const isPlain = part.prefix === undefined && part.index === undefined && part.operation === undefined;
  return isPlain ? variablePath(part.parameter) : HOLE;
}

function isPlainGlob(part: Extract<WordPart, { type: "Glob" }>): boolean {
  return part.parts?.every((piece) => piece.type === "Literal") ?? true;
}

function literal(value: string): CommandWord {
  return { shape: value, splits: false, paths: [literalPath(value)] };
}

function join(pieces: readonly CommandWord[]): CommandWord {
  return {
    shape: pieces.map((piece) => piece.shape).join(""),
    splits: pieces.some((piece) => piece.splits),
    paths: joinPaths(pieces.map(pathsOf)),
  };
}
