// Reads a shell command: which simple commands it runs, and whether that is all. The grammar is `unbash`, tolerant by
// design, so each of its errors and each kind of node that is not known here counts as not understood.
import { parse } from "unbash";
import type { Findings, ParsedCommand } from "./parsed-command.ts";
import { hidesCharacters } from "./plain-text.ts";
import { walkTree } from "./walk-tree.ts";

/**
 * Longer commands are mostly files in a here-document, and a person reads those. It also bounds the time: some texts
 * take the grammar time that grows with the square of their length.
 */
const MAX_COMMAND_LENGTH = 10_000;
/** `bash -c "bash -c …"`. */
const MAX_NESTED_SHELLS = 4;

export function parseCommand(text: string): ParsedCommand {
  const found = emptyFindings();
  readText(text, found, 0);
  if (found.commands.length === 0 && found.files.length === 0) found.doubts.push("it names no program");
  return {
    commands: found.commands,
    files: found.movesDirectory ? found.files.map(forgetDirectory) : found.files,
    hazards: found.hazards,
    understood: found.doubts.length === 0,
    why: found.doubts[0] ?? null,
  };
}

function readText(text: string, into: Findings, depth: number): void {
  if (depth > MAX_NESTED_SHELLS) return doubt(into, "it starts shells in shells in shells");
  if (text.length > MAX_COMMAND_LENGTH) return doubt(into, "it is too long to be read here");
  if (hidesCharacters(text)) doubt(into, "it holds control characters, or characters that cannot be seen");
  const scoped: Findings = { ...into, readNested: (nested) => readText(nested, into, depth + 1) };
  try {
    walkTree(parse(text), scoped);
  } catch {
    doubt(into, "it cannot be read");
  }
  into.movesDirectory ||= scoped.movesDirectory;
}

function emptyFindings(): Findings {
  return {
    commands: [],
    files: [],
    hazards: [],
    doubts: [],
    movesDirectory: false,
    readNested: () => undefined,
  };
}

/** After `cd` a relative path may mean any file. */
function forgetDirectory(file: ParsedCommand["files"][number]): ParsedCommand["files"][number] {
  const isFixed = file.path.shape.startsWith("/") || file.path.shape.startsWith("~");
  return isFixed ? file : { ...file, path: { ...file.path, splits: true } };
}

function doubt(into: Findings, why: string): void {
  into.doubts.push(why);
}
