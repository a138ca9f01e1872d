// A permission rule after reading: which tools it is about, and which of their calls.
import type { CommandPattern } from "../bash/command-pattern.ts";
import type { DomainPattern } from "./domain-pattern.ts";
import type { PathPattern } from "./path-pattern.ts";

export type RuleArgument =
  /** Every call of the tool. */
  | { kind: "any" }
  | { kind: "command"; pattern: CommandPattern }
  | { kind: "path"; pattern: PathPattern }
  | { kind: "domain"; pattern: DomainPattern }
  | { kind: "agent"; name: string };

export type PermissionRule = {
  /** As a person wrote it. */
  source: string;
  /** A tool's name; `mcp__server__` and `mcp__` stand for every tool that begins so; `*` for every tool. */
  tool: string;
  argument: RuleArgument;
};

/** Tools that read files, and tools that change them: `Read` and `Edit` rules hold for all of them. */
export const READING_TOOLS: ReadonlySet<string> = new Set(["Read", "Grep", "Glob", "LS", "NotebookRead", "LSP"]);
export const EDITING_TOOLS: ReadonlySet<string> = new Set(["Edit", "Write", "MultiEdit", "NotebookEdit"]);
/** Tools whose input holds a shell command. */
export const COMMAND_TOOLS: ReadonlySet<string> = new Set(["Bash", "Monitor"]);
/** One tool under its new and its old name. */
export const AGENT_TOOLS: ReadonlySet<string> = new Set(["Agent", "Task"]);

const FAMILIES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["Read", READING_TOOLS],
  ["Edit", EDITING_TOOLS],
  ["Bash", COMMAND_TOOLS],
  ["Agent", AGENT_TOOLS],
  ["Task", AGENT_TOOLS],
]);

/** True when the rule is about the tool at all, its argument left aside. */
export function namesTool(rule: PermissionRule, toolName: string): boolean {
  if (rule.tool === "*" || rule.tool === toolName) return true;
  if (rule.tool.startsWith("mcp__")) return rule.tool.endsWith("__") && toolName.startsWith(rule.tool);
  return FAMILIES.get(rule.tool)?.has(toolName) === true;
}
