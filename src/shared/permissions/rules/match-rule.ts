// Holds one rule against one call: surely for a rule that lets run, possibly for one that forbids or asks.
import { type CommandPattern, coversCommand, hitsCommand } from "../bash/command-pattern.ts";
import type { SimpleCommand } from "../bash/parsed-command.ts";
import type { CallSubject, NamedFile } from "../call-subject.ts";
import { coversHost, hitsHost } from "./domain-pattern.ts";
import { matchesPath, matchesWholeFolder, type PathPattern } from "./path-pattern.ts";
import { isFixed, mayMatchPath } from "./path-shape-match.ts";
import { namesTool, type PermissionRule } from "./permission-rule.ts";

export type Hit = "yes" | "maybe" | "no";

/** For rules that forbid or ask. `maybe`: it depends on what cannot be told from the call. */
export function hitsCall(rule: PermissionRule, subject: CallSubject): Hit {
  const { argument } = rule;
  // Path rules hold for what a shell command does to files too.
  if (argument.kind === "path") return hitsPath(argument.pattern, rule.tool === "Read", subject);
  if (!namesTool(rule, subject.toolName)) return rule.tool === "Edit" && writesFile(subject) ? "yes" : "no";
  switch (argument.kind) {
    case "any":
      return "yes";
    case "command":
      return hitsAnyCommand(argument.pattern, subject);
    case "domain":
      return hitsKnown(subject.host?.host, (host) => hitsHost(argument.pattern, host));
    case "agent":
      return hitsKnown(subject.agent, (name) => name.toLowerCase() === argument.name.toLowerCase());
  }
}

/** For auto rules of every tool but those with a command, which may need several rules together. */
export function coversCall(rule: PermissionRule, subject: CallSubject): boolean {
  const { argument } = rule;
  if (!namesTool(rule, subject.toolName) || (argument.kind !== "any" && subject.isShortened)) return false;
  switch (argument.kind) {
    case "any":
      // `mcp__a` does not let run what may be a server named `a__b`.
      return !rule.tool.endsWith("__") || !subject.toolName.slice(rule.tool.length).includes("__");
    case "command":
      return false;
    case "path":
      return subject.folder === null
        ? subject.files.length > 0 && subject.files.every((file) => isCovered(argument.pattern, file, subject))
        : subject.folder.path !== null && matchesWholeFolder(argument.pattern, subject.folder.path, subject.roots);
    case "domain":
      return subject.host !== null && subject.host.isPlain && coversHost(argument.pattern, subject.host.host);
    case "agent":
      return subject.agent === argument.name;
  }
}

export function coversSimpleCommand(rule: PermissionRule, command: SimpleCommand): boolean {
  return rule.argument.kind === "command" && coversCommand(rule.argument.pattern, command);
}

/** For the files that a command's redirections write. */
export function coversWrite({ tool, argument }: PermissionRule, file: NamedFile, subject: CallSubject): boolean {
  if (tool !== "Edit") return false;
  return argument.kind === "any" || (argument.kind === "path" && isCovered(argument.pattern, file, subject));
}

function hitsAnyCommand(pattern: CommandPattern, subject: CallSubject): Hit {
  const hits = subject.command?.commands.map((command) => hitsCommand(pattern, command)) ?? [];
  if (hits.includes("yes")) return "yes";
  return hits.includes("maybe") || subject.command?.understood !== true ? "maybe" : "no";
}

function hitsKnown(text: string | null | undefined, hits: (text: string) => boolean): Hit {
  if (text === null || text === undefined) return "maybe";
  return hits(text) ? "yes" : "no";
}

/** What may not be read may not be changed either. */
function hitsPath(pattern: PathPattern, isForReading: boolean, subject: CallSubject): Hit {
  const files = [...subject.files, ...subject.mentionedFiles];
  const concerned = files.filter((file) => isForReading || file.access === "write");
  const hits = concerned.map((file) => hitsFile(pattern, file, subject));
  if (isForReading && subject.folder !== null) hits.push(hitsFolder(pattern, subject.folder.path, subject));
  // Of a command that is not understood nobody knows what it opens.
  if (subject.command?.understood === false) hits.push("maybe");
  return hits.find((hit) => hit === "yes") ?? hits.find((hit) => hit === "maybe") ?? "no";
}

/** Surely, when it is a file and each path that it may have is taken. */
function hitsFile(pattern: PathPattern, { paths, isSure }: NamedFile, { roots }: CallSubject): Hit {
  const isHit = (path: string | null): boolean => path === null || mayMatchPath(pattern, path, roots);
  const isSureHit = (path: string | null): boolean =>
    path !== null && isFixed(path) && matchesPath(pattern, path, roots);
  if (isSure && paths.length > 0 && paths.every(isSureHit)) return "yes";
  return paths.some(isHit) ? "maybe" : "no";
}

function hitsFolder(pattern: PathPattern, path: string | null, { roots }: CallSubject): Hit {
  if (path === null) return "maybe";
  return matchesPath(pattern, path, roots) ? "yes" : "no";
}

function isCovered(pattern: PathPattern, { paths }: NamedFile, { roots }: CallSubject): boolean {
  return paths.every((path) => path !== null && isFixed(path) && matchesPath(pattern, path, roots));
}

function writesFile(subject: CallSubject): boolean {
  return subject.command !== null && subject.files.some((file) => file.access === "write");
}
