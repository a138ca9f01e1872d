// Reads a shell command: which simple commands it runs, and whether that is all. The grammar is `unbash`, tolerant by
// design, so each of its errors and each kind of node that is not known here counts as not understood.
import { parse } from "unbash";
import { listNamedFiles } from "./file-programs.ts";
import { locateFiles } from "./locate-files.ts";
import type { FileAccess, Findings, LocatedFile, ParsedCommand } from "./parsed-command.ts";
import { hidesCharacters } from "./plain-text.ts";
import { walkTree } from "./walk-tree.ts";
import { listDirectories } from "./working-directory.ts";

/**
 * Longer commands are mostly files in a here-document, and a person reads those. It also bounds the time: some texts
 * take the grammar time that grows with the square of their length.
 */
const MAX_COMMAND_LENGTH = 10_000;
/** Each is held against each rule. */
const MAX_PATHS = 500;
/** `bash -c "bash -c …"`. */
const MAX_NESTED_SHELLS = 4;

export function parseCommand(text: string): ParsedCommand {
  const found = emptyFindings();
  readText(text, found, 0);
  if (found.commands.length === 0 && found.files.length === 0) found.doubts.push("it names no program");
  const { variables } = found;
  const directories = listDirectories(found.moves, variables);
  const locate = (files: readonly FileAccess[]): LocatedFile[] => locateFiles(files, variables, directories);
  const files = locate(found.files);
  const mentioned = locate(found.commands.flatMap(listNamedFiles));
  const paths = [...files, ...mentioned].reduce((count, { candidates }) => count + candidates.length, 0);
  if (paths > MAX_PATHS) found.doubts.push("it names too many files");
  return {
    commands: found.commands,
    files,
    mentioned: paths > MAX_PATHS ? [] : mentioned,
    hazards: found.hazards,
    understood: found.doubts.length === 0,
    why: found.doubts[0] ?? null,
  };
}

function readText(text: string, into: Findings, depth: number): void {
  if (depth > MAX_NESTED_SHELLS) return doubt(into, "it starts shells in shells in shells");
  if (text.length > MAX_COMMAND_LENGTH) return doubt(into, "it is too long to be read here");
  if (hidesCharacters(text)) doubt(into, "it holds control characters, or characters that cannot be seen");
  const scoped: Findings = { ...into, readNested: (nested, found) => readText(nested, found, depth + 1) };
  try {
    walkTree(parse(text), scoped);
  } catch {
    doubt(into, "it cannot be read");
  }
}

function emptyFindings(): Findings {
  return {
    commands: [],
    files: [],
    hazards: [],
    doubts: [],
    moves: [],
    variables: new Map(),
    isRepeated: false,
    readNested: () => undefined,
  };
}

function doubt(into: Findings, why: string): void {
  into.doubts.push(why);
}
