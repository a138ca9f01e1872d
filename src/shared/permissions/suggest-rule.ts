// The narrowest rule that lets a call run again: an exact command or one file. Null when none is as narrow as the call.
import { type CallFacts, type ToolCall } from "./call-subject.ts";
import { decide } from "./decide-call.ts";
import { parseRule } from "./rules/parse-rule.ts";
import { EDITING_TOOLS } from "./rules/permission-rule.ts";
import { resolvePath } from "./rules/resolve-path.ts";
import { isShortened } from "./shortened-input.ts";

export function suggestRule(call: ToolCall, facts: CallFacts): string | null {
  if (isShortened(call.toolInput)) return null;
  const source = writeRule(call, facts);
  if (source === null || !parseRule(source).ok) return null;
  const policy = { auto_approved: [source], user_consent: [], forbidden: [] };
  return decide([{ scope: "session", policy }], call, facts).behavior === "allow" ? source : null;
}

function writeRule({ toolName, toolInput }: ToolCall, facts: CallFacts): string | null {
  const input = (toolInput ?? {}) as Record<string, unknown>;
  if (toolName === "Bash") return commandRule(input["command"]);
  const path = input["file_path"] ?? input["notebook_path"];
  if (EDITING_TOOLS.has(toolName)) return pathRule("Edit", path, facts);
  return toolName === "Read" ? pathRule("Read", path, facts) : null;
}

/** A `*` would take more than this command, and a backslash or a line break is read otherwise in a rule. */
function commandRule(command: unknown): string | null {
  if (typeof command !== "string" || /[*\\\r\n\t]| {2}/.test(command.trim())) return null;
  return `Bash(${command.trim()})`;
}

function pathRule(tool: "Edit" | "Read", path: unknown, facts: CallFacts): string | null {
  const resolved = typeof path === "string" ? resolvePath(path, facts) : null;
  return resolved === null || resolved === "/" || resolved.includes("*") ? null : `${tool}(/${resolved})`;
}
