// Holds one rule against one call: surely for a rule that lets run, possibly for one that forbids or asks.
import { type CommandPattern, coversCommand, hitsCommand } from "../bash/command-pattern.ts";
import type { SimpleCommand } from "../bash/parsed-command.ts";
import type { CallSubject } from "../call-subject.ts";
import { coversHost, hitsHost } from "./domain-pattern.ts";
import { matchesPath, matchesWholeFolder, type PathPattern } from "./path-pattern.ts";
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
        ? subject.files.length > 0 && subject.files.every((file) => isTaken(argument.pattern, file.path, subject))
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
export function coversWrite(rule: PermissionRule, path: string | null, subject: CallSubject): boolean {
  if (rule.tool !== "Edit") return false;
  return (
    rule.argument.kind === "any" || (rule.argument.kind === "path" && isTaken(rule.argument.pattern, path, subject))
  );
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
  const concerned = (file: { access: "read" | "write" }): boolean => isForReading || file.access === "write";
  const files = subject.files.filter(concerned);
  const folder = isForReading ? (subject.folder?.path ?? null) : null;
  const known = [...files, ...subject.mentionedFiles.filter(concerned)].map((file) => file.path);
  if ([...known, folder].some((path) => isTaken(pattern, path, subject))) return "yes";
  const isUnknown = files.some((file) => file.path === null) || (isForReading && subject.folder?.path === null);
  return isUnknown ? "maybe" : "no";
}

function isTaken(pattern: PathPattern, path: string | null, subject: CallSubject): boolean {
  return path !== null && matchesPath(pattern, path, subject.roots);
}

function writesFile(subject: CallSubject): boolean {
  return subject.command !== null && subject.files.some((file) => file.access === "write");
}
