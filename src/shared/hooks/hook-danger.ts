// Refuses hooks that no honest hook needs to be, with the reason. A guard rail: the sandbox is the wall. What the grammar
// does not understand completely is said so, for the person who is asked to agree.
import {
  type FileAccess,
  HOLE,
  type ParsedCommand,
  programName,
  type SimpleCommand,
} from "../permissions/bash/parsed-command.ts";
import { parseCommand } from "../permissions/bash/parse-command.ts";
import { judgeProgram } from "./dangerous-programs.ts";
import { judgeFile } from "./guarded-files.ts";
import type { CommandHook, Hook, HookGroup } from "./hook-schema.ts";

export type HookVerdict = {
  /** Why it is refused; empty when it is not. */
  refused: string[];
  /** Why it is not known all that it does; null when it is. */
  unclear: string | null;
};

/** A function that pipes itself into itself. */
const FORK_BOMB = /([\w:.]{1,50})\s{0,9}\(\)\s{0,9}\{[^}]{0,200}?\1\s{0,9}\|\s{0,9}\1/;
const DOWNLOADERS = new Set(["curl", "wget", "aria2c", "fetch", "http", "https", "lynx", "nc", "ncat", "netcat"]);
const DECODERS = new Set(["base64", "base32", "xxd", "openssl", "uudecode"]);
const INTERPRETER = /^(?:(?:ba|z|da|k|fi|a)?sh|python[\d.]*|node|deno|bun|perl|ruby|php|lua|eval|source|\.)$/;

export function judgeHook(hook: Hook): HookVerdict {
  return hook.type === "http" ? { refused: [], unclear: null } : judgeCommandLine(lineOf(hook));
}

/** Each refusal and each doubt once. */
export function judgeHooks(groups: readonly HookGroup[]): HookVerdict {
  const verdicts = groups.flatMap(({ hooks }) => hooks.map(judgeHook));
  const refused = [...new Set(verdicts.flatMap((verdict) => verdict.refused))];
  return { refused, unclear: verdicts.find(({ unclear }) => unclear !== null)?.unclear ?? null };
}

export function judgeCommandLine(line: string): HookVerdict {
  const parsed = parseCommand(withKnownVariables(line));
  const refused = [
    ...(FORK_BOMB.test(line) ? ["it starts itself over and over"] : []),
    ...(runsWhatItFetches(parsed) ? ["it runs a program that it downloads or decodes first"] : []),
    ...parsed.commands.flatMap(judgeProgram),
    ...listFiles(parsed).flatMap(judgeFile),
  ];
  return { refused: [...new Set(refused)], unclear: parsed.understood ? null : parsed.why };
}

/** As it would be typed; with `args` no shell reads it, so everything in it is plain text. */
function lineOf({ command, args }: CommandHook): string {
  if (args === undefined) return command;
  return [command, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}

/** What these stand for is known before the command runs. */
function withKnownVariables(line: string): string {
  return line
    .replace(/\$(?:HOME\b|\{HOME\})/g, "/home/user")
    .replace(/\$(?:CLAUDE_PROJECT_(?:DIR|PATH)\b|\{CLAUDE_PROJECT_(?:DIR|PATH)\})/g, "/project")
    .replace(/\$(?:CLAUDE_CONFIG_DIR\b|\{CLAUDE_CONFIG_DIR\})/g, "/home/user/.claude");
}

function listFiles({ files, mentioned }: ParsedCommand): Pick<FileAccess, "access" | "path">[] {
  const sure = [...files, ...mentioned].filter(({ isSure }) => isSure);
  return sure.flatMap(({ access, candidates }) => candidates.map((path) => ({ access, path })));
}

function runsWhatItFetches({ commands }: ParsedCommand): boolean {
  const names = commands.map(programName);
  const fetches = names.some((name) => DOWNLOADERS.has(name) || DECODERS.has(name));
  return fetches && commands.some(takesItsProgramFromElsewhere);
}

/** An interpreter without a file, or with one that only running the command would tell. */
function takesItsProgramFromElsewhere(command: SimpleCommand): boolean {
  if (!INTERPRETER.test(programName(command))) return false;
  const args = command.words.slice(1).map((word) => word.shape);
  const operands = args.filter((shape) => shape === "-" || !shape.startsWith("-"));
  return (
    operands.length === 0 ||
    operands.some((shape) => shape === "-" || shape.includes(HOLE) || shape.startsWith("/dev/"))
  );
}
