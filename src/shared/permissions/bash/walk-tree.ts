// Walks the grammar's tree and collects what it finds. A kind of node that is not named here is a doubt.
import { forEachChild, type SyntaxNode } from "unbash";
import { collectCommand } from "./collect-command.ts";
import { isHarmlessVariable, variableHazard } from "./environment.ts";
import type { Findings } from "./parsed-command.ts";
import { isPlainQuoted, isPlainWord } from "./plain-text.ts";
import { readAssignment, readWord } from "./read-word.ts";
import { collectRedirect } from "./redirects.ts";
import { noteVariable } from "./variables.ts";

type Node<Kind extends SyntaxNode["type"]> = Extract<SyntaxNode, { type: Kind }>;
type Handlers = { [Kind in SyntaxNode["type"]]: (node: Node<Kind>, found: Findings) => void };

const goOn = (): void => undefined;

/** What each kind means by itself; its children are walked in any case. */
const HANDLERS: Handlers = {
  Script: (node, found) => {
    if ("errors" in node && (node.errors?.length ?? 0) > 0) found.doubts.push("it is not whole or not valid Bash");
  },
  Statement: goOn,
  CompoundList: goOn,
  Pipeline: goOn,
  AndOr: goOn,
  Subshell: goOn,
  BraceGroup: goOn,
  Redirected: goOn,
  If: goOn,
  Elif: goOn,
  While: goOn,
  Case: goOn,
  CaseItem: goOn,
  Time: goOn,
  Negation: goOn,
  For: onFor,
  Select: onFor,
  Function: (_, found) => doubt(found, "it defines a function, which may stand for any other command"),
  Coproc: (_, found) => doubt(found, "it starts a coprocess"),
  Command: onCommand,
  Assignment: onAssignment,
  ArrayValue: goOn,
  Redirect: collectRedirect,
  HereString: (node, found) => requirePresent(node.target, found),
  HereDoc: (node, found) => requirePresent(node.closing, found),
  HereDocDelimiter: goOn,
  HereDocBody: goOn,
  FileDescriptor: goOn,
  FileDescriptorVariable: (node, found) => setVariable(node.name, found),
  Word: (node, found) => {
    if (node.parts === undefined && !isPlainWord(node.text)) doubt(found, "a word of it is not understood");
  },
  Literal: goOn,
  Glob: goOn,
  SingleQuoted: goOn,
  AnsiCQuoted: goOn,
  DoubleQuoted: (node, found) => {
    for (const part of node.parts) {
      if (part.type === "Literal" && !isPlainQuoted(part.text)) doubt(found, "a quoted text of it is not understood");
    }
  },
  LocaleString: goOn,
  ExtendedGlob: (node, found) => requireParts(node, found),
  BraceExpansion: (node, found) => requireParts(node, found),
  SimpleExpansion: goOn,
  ParameterExpansion: onParameterExpansion,
  Default: goOn,
  Remove: goOn,
  Replace: goOn,
  CaseModification: goOn,
  Slice: (node, found) => {
    for (const bound of [node.offset, node.length]) requireNumber(bound?.value ?? "0", found);
  },
  Transform: (_, found) => doubt(found, "it expands a variable in a way that can run commands"),
  Names: goOn,
  Unknown: (_, found) => doubt(found, "it expands a variable in a way that is not known"),
  CommandExpansion: (node, found) => requirePresent(node.script, found),
  ProcessSubstitution: (node, found) => requirePresent(node.script, found),
  ArithmeticExpansion: (node, found) => requirePresent(node.expression, found),
  ArithmeticCommand: (node, found) => requirePresent(node.expression, found),
  ArithmeticCommandExpansion: (node, found) => requirePresent(node.script, found),
  ArithmeticFor: goOn,
  ArithmeticBinary: goOn,
  ArithmeticUnary: goOn,
  ArithmeticTernary: goOn,
  ArithmeticGroup: goOn,
  ArithmeticWord: (node, found) => requireNumber(node.value, found),
  TestCommand: goOn,
  TestLogical: goOn,
  TestNot: goOn,
  TestGroup: goOn,
  TestUnary: (node, found) => {
    if (node.operator === "-v" || node.operator === "-R") doubt(found, "it evaluates a variable's name");
  },
  TestBinary: (node, found) => {
    if (!/^-(?:eq|ne|lt|le|gt|ge)$/.test(node.operator)) return;
    for (const operand of [node.left, node.right]) requireNumber(operand.value, found);
  },
};

export function walkTree(node: SyntaxNode, found: Findings): void {
  const handler = Object.hasOwn(HANDLERS, node.type) ? (HANDLERS[node.type] as typeof goOn | undefined) : undefined;
  if (handler === undefined) return doubt(found, "it holds a construct that is not known here");
  (handler as (node: SyntaxNode, found: Findings) => void)(node, found);
  const inside = LOOPS.has(node.type) ? { ...found, isRepeated: true } : found;
  forEachChild(node, (child) => walkTree(child, inside));
}

const LOOPS: ReadonlySet<SyntaxNode["type"]> = new Set(["For", "Select", "While", "ArithmeticFor"]);

function onFor(node: Node<"For"> | Node<"Select">, found: Findings): void {
  judgeVariable(node.name.value, found);
  if (node.wordlist === undefined) return noteVariable(found, node.name.value);
  for (const word of node.wordlist) noteVariable(found, node.name.value, readWord(word));
}

function onAssignment({ name, value, index, append }: Node<"Assignment">, found: Findings): void {
  judgeVariable(name, found);
  const isWhole = value.type === "Word" && index === undefined && append !== true;
  noteVariable(found, name, isWhole ? readWord(value) : undefined);
}

function onCommand(node: Node<"Command">, found: Findings): void {
  if (node.name === undefined) return;
  const words = node.args.map((word) => (word.type === "Word" ? readWord(word) : readAssignment(word)));
  collectCommand([readWord(node.name), ...words], found);
}

/** `${!x}` and an index are evaluated by the shell, and what they hold may name a command to run. */
function onParameterExpansion(node: Node<"ParameterExpansion">, found: Findings): void {
  if (node.prefix === "!" && node.operation?.type !== "Names") doubt(found, "it expands a variable that another names");
  if (node.index !== undefined && !/^[@*]$/.test(node.index.text)) requireNumber(node.index.value, found);
  const assigns = node.operation?.type === "Default" && node.operation.operator.endsWith("=");
  if (assigns) setVariable(node.parameter, found);
}

/** To something that is not followed. */
function setVariable(name: string, found: Findings): void {
  judgeVariable(name, found);
  noteVariable(found, name);
}

function judgeVariable(name: string, found: Findings): void {
  if (!isHarmlessVariable(name)) found.hazards.push(variableHazard(name));
}

/** Bash evaluates names in arithmetic, and the text of a variable there may hold `$(…)`. */
function requireNumber(text: string, found: Findings): void {
  if (!/^-?\d+$/.test(text)) doubt(found, "it calculates with something else than plain numbers");
}

function requirePresent(part: unknown, found: Findings): void {
  if (part === undefined) doubt(found, "a part of it is empty or missing");
}

function requireParts(node: { parts?: unknown; text: string }, found: Findings): void {
  if (node.parts === undefined && !isPlainQuoted(node.text)) doubt(found, "a pattern of it is not understood");
}

function doubt(found: Findings, why: string): void {
  found.doubts.push(why);
}
