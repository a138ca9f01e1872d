// The short form of hooks, {"PreToolUse": {"command", "timeout", "condition"}}, turned into Claude Code's own.
import { z } from "zod";
import { parseRule } from "../permissions/rules/parse-rule.ts";
import { isHookEvent, isToolEvent } from "./hook-events.ts";
import { type Hook, type HookGroup, type HooksConfig, hooksConfigSchema } from "./hook-schema.ts";

const shortHookSchema = z.strictObject({
  command: z.string(),
  /** Seconds. */
  timeout: z.number().optional(),
  /**
   * A permission rule with an argument, or of an MCP server (`Bash(git *)`, `mcp__github`): the hook runs for tool calls
   * that the rule is about. Anything else is a matcher (`Edit|Write`, `startup`).
   */
  condition: z.string().optional(),
});
type ShortHook = z.infer<typeof shortHookSchema>;

export type HooksReading = { ok: true; hooks: HooksConfig } | { ok: false; reason: string };

/** Reads either form, event by event, or a list that mixes them. The reason is for a person. */
export function readHooks(value: unknown): HooksReading {
  const record = z.record(z.string(), z.unknown()).safeParse(value);
  if (!record.success) return { ok: false, reason: "Hooks are an object: the event's name, then its hooks." };
  const long: Record<string, unknown[]> = {};
  for (const [event, entry] of Object.entries(record.data)) {
    long[event] = (Array.isArray(entry) ? entry : [entry]).map((one: unknown) => lengthen(event, one));
  }
  const parsed = hooksConfigSchema.safeParse(long);
  return parsed.success ? { ok: true, hooks: parsed.data } : { ok: false, reason: explain(parsed.error) };
}

function lengthen(event: string, entry: unknown): unknown {
  const short = shortHookSchema.safeParse(entry);
  return short.success ? toGroup(event, short.data) : entry;
}

function toGroup(event: string, { command, timeout, condition }: ShortHook): HookGroup {
  const hook: Hook = { type: "command", command, ...(timeout !== undefined && { timeout }) };
  if (condition === undefined) return { hooks: [hook] };
  return isRule(event, condition) ? { hooks: [{ ...hook, if: condition }] } : { matcher: condition, hooks: [hook] };
}

/** Something in brackets is meant as a rule even where it is a wrong one: then the reason is told. */
function isRule(event: string, condition: string): boolean {
  if (!isHookEvent(event) || !isToolEvent(event)) return false;
  if (/^[A-Za-z]\w*\(.*\)$/s.test(condition)) return true;
  return condition.startsWith("mcp__") && parseRule(condition).ok;
}

/** The first problems, each with its place. */
function explain(error: z.ZodError): string {
  const problems = error.issues.slice(0, 5).map((issue) => {
    const place = issue.path.map(String).join(".");
    const what = issue.code === "unrecognized_keys" ? `has unknown fields: ${issue.keys.join(", ")}` : issue.message;
    return place === "" ? `Hooks: ${what}.` : `${place}: ${what}.`;
  });
  return problems.join(" ").slice(0, 1_500);
}
