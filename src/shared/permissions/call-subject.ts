// What of a tool call the rules look at: its command, the files, host or agent that it names.
import { HOLE, type LocatedFile, type ParsedCommand } from "./bash/parsed-command.ts";
import { parseCommand } from "./bash/parse-command.ts";
import { readUrlHost, type UrlHost } from "./rules/domain-pattern.ts";
import type { PathRoots } from "./rules/path-pattern.ts";
import { AGENT_TOOLS, COMMAND_TOOLS, EDITING_TOOLS, READING_TOOLS } from "./rules/permission-rule.ts";
import { resolvePath, resolveShape } from "./rules/resolve-path.ts";
import { isShortened } from "./shortened-input.ts";

export type ToolCall = { toolName: string; toolInput: unknown };

/** `cwd` is null when it is not known where the tool stands. */
export type CallFacts = PathRoots & { cwd: string | null };

/** One file, and the absolute paths of which it has one; null for a path that may be any. */
export type NamedFile = Pick<LocatedFile, "access" | "isSure"> & { paths: readonly (string | null)[] };

export type CallSubject = {
  toolName: string;
  roots: PathRoots;
  isShortened: boolean;
  /** The shell command, for tools that have one. */
  command: ParsedCommand | null;
  /** Files that a file tool names, or that a command's redirections open. */
  files: readonly NamedFile[];
  /** Files among the arguments of programs: for rules that forbid or ask. */
  mentionedFiles: readonly NamedFile[];
  /** A search goes through everything below. */
  folder: { path: string | null } | null;
  host: UrlHost | null;
  agent: string | null;
};

export function readSubject(call: ToolCall, facts: CallFacts): CallSubject {
  const { toolName, toolInput } = call;
  const text = (field: string): string | null => readText(toolInput, field);
  const command = COMMAND_TOOLS.has(toolName) ? parseCommand(text("command") ?? "") : null;
  return {
    toolName,
    roots: facts,
    isShortened: isShortened(toolInput),
    command:
      command !== null && isCut(text("command")) ? { ...command, understood: false, why: "it was cut" } : command,
    files: [...listToolFiles(call, facts), ...(command?.files ?? []).map((file) => locate(file, facts))],
    mentionedFiles: (command?.mentioned ?? []).map((file) => locate(file, facts)),
    folder: readFolder(call, facts),
    host: toolName === "WebFetch" ? readUrlHost(text("url") ?? "") : null,
    agent: AGENT_TOOLS.has(toolName) ? text("subagent_type") : null,
  };
}

/** Grep, Glob and LS take a folder, the working directory when they name none. */
const SEARCHES = new Set(["Grep", "Glob", "LS"]);

function listToolFiles({ toolName, toolInput }: ToolCall, facts: CallFacts): NamedFile[] {
  if (SEARCHES.has(toolName)) return [];
  if (!READING_TOOLS.has(toolName) && !EDITING_TOOLS.has(toolName)) return [];
  const field = ["file_path", "notebook_path", "path"].find((name) => readText(toolInput, name) !== null);
  const path = field === undefined ? null : readText(toolInput, field);
  const access = EDITING_TOOLS.has(toolName) ? "write" : "read";
  return [{ access, isSure: true, paths: [path === null || isCut(path) ? null : resolvePath(path, facts)] }];
}

function readFolder({ toolName, toolInput }: ToolCall, facts: CallFacts): CallSubject["folder"] {
  if (!SEARCHES.has(toolName)) return null;
  const pattern = toolName === "Glob" ? (readText(toolInput, "pattern") ?? "") : "";
  // A pattern can leave the folder that the search begins in.
  const leaves = pattern.startsWith("/") || pattern.startsWith("~") || pattern.includes("..");
  const begin = readText(toolInput, "path") ?? (isShortened(toolInput) ? null : ".");
  if (begin === null) return { path: null };
  // A pattern without a wildcard names one file.
  const path = leaves || /[*?[\]{}]/.test(pattern) ? begin : `${begin}/${pattern}`;
  return { path: leaves || isCut(begin) || isCut(pattern) ? null : resolvePath(path, facts) };
}

/** A word that need not be a file, and may be anything, says nothing. */
function locate({ access, isSure, candidates }: LocatedFile, facts: CallFacts): NamedFile {
  const told = isSure ? candidates : candidates.filter((path) => !path.includes(HOLE));
  return { access, isSure, paths: told.map((path) => resolveShape(path, facts)) };
}

function readText(input: unknown, field: string): string | null {
  if (typeof input !== "object" || input === null || !Object.hasOwn(input, field)) return null;
  const value = (input as Record<string, unknown>)[field];
  return typeof value === "string" ? value : null;
}

function isCut(text: string | null): boolean {
  return text !== null && isShortened(text);
}
