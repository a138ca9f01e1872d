// Which configured hooks an event is for: Claude Code's matchers, and the permission rule in `if`.
import type { CallFacts } from "../permissions/call-subject.ts";
import { readSubject } from "../permissions/call-subject.ts";
import { hitsCall } from "../permissions/rules/match-rule.ts";
import { AGENT_TOOLS } from "../permissions/rules/permission-rule.ts";
import { parseRule } from "../permissions/rules/parse-rule.ts";
import { type HookEventName, traitsOf } from "./hook-events.ts";
import type { Hook, HookGroup } from "./hook-schema.ts";

export type HookInput = Readonly<Record<string, unknown>>;

/** The group's hooks that are to run for this event. Which rules hit cannot always be told: then the hook runs. */
export function selectHooks(
  event: HookEventName,
  groups: readonly HookGroup[],
  input: HookInput,
  facts: CallFacts,
): Hook[] {
  const value = matchedValue(event, input);
  const matching = groups.filter(({ matcher }) => matchesValue(matcher, value)).flatMap(({ hooks }) => hooks);
  return withoutTwins(matching.filter((hook) => hook.if === undefined || mayBeAbout(hook.if, input, facts)));
}

/** One that stands there twice runs once, as with Claude Code. */
function withoutTwins(hooks: readonly Hook[]): Hook[] {
  const identity = (hook: Hook): string =>
    JSON.stringify(hook.type === "http" ? [hook.url, hook.if] : [hook.command, hook.args, hook.if]);
  return [...new Map(hooks.toReversed().map((hook) => [identity(hook), hook])).values()].toReversed();
}

function matchedValue(event: HookEventName, input: HookInput): string | null {
  const field = traitsOf(event).matchedField;
  const value = field === null ? null : input[field];
  if (typeof value !== "string") return null;
  // Names of files, wherever they lie.
  return event === "FileChanged" ? (value.split("/").at(-1) ?? "") : value;
}

/** Names joined by `|` are meant exactly; anything with other characters is a regular expression. */
export function matchesValue(matcher: string | undefined, value: string | null): boolean {
  if (matcher === undefined || matcher === "" || matcher === "*" || value === null) return true;
  if (/^[\w, |-]+$/.test(matcher)) return matcher.split(/[|,]/).some((name) => isSameName(name.trim(), value));
  try {
    return new RegExp(matcher).test(value);
  } catch {
    return false;
  }
}

/** One tool under its old and its new name, and an MCP server for all its tools. */
function isSameName(name: string, value: string): boolean {
  if (name === value || (AGENT_TOOLS.has(name) && AGENT_TOOLS.has(value))) return true;
  return name.startsWith("mcp__") && !name.slice(5).includes("__") && value.startsWith(`${name}__`);
}

function mayBeAbout(rule: string, input: HookInput, facts: CallFacts): boolean {
  const reading = parseRule(rule);
  const toolName = input["tool_name"];
  if (!reading.ok || typeof toolName !== "string") return false;
  return hitsCall(reading.rule, readSubject({ toolName, toolInput: input["tool_input"] }, facts)) !== "no";
}
