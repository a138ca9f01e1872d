// Hooks as people configure them: Claude Code's own JSON format. What it does not know is refused with the reason, since
// a hook that silently never runs is worse than none.
import { z } from "zod";
import { parseRule } from "../permissions/rules/parse-rule.ts";
import { HOOK_EVENT_NAMES, type HookEventName, isHookEvent, isToolEvent, traitsOf } from "./hook-events.ts";
import { isUsablePattern, PATTERN_RULE } from "../structured/pattern-policy.ts";
import { explainHookUrl } from "./hook-url-policy.ts";

export const DEFAULT_HOOK_TIMEOUT_SECONDS = 60;
/** Claude Code waits for a callback of ours no longer. */
export const MAX_HOOK_TIMEOUT_SECONDS = 540;
const MAX_COMMAND_CHARS = 8_000;
const MAX_MATCHER_CHARS = 500;
/** Of one scope, over all its events. */
const MAX_HOOKS = 50;
const MAX_GROUPS = 20;
/** The four scopes, and the agent that a session is an execution of. */
const SCOPES = 5;

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !value.includes("\u0000"), "must not hold a NUL character");

const ruleSchema = z.string().superRefine((rule, context) => {
  const reading = parseRule(rule);
  if (!reading.ok) context.addIssue({ code: "custom", message: `is a permission rule that ${reading.reason}` });
});

const common = {
  /** A permission rule: the hook runs only for tool calls that it is about, or may be about. */
  if: ruleSchema.optional(),
  /** Seconds. */
  timeout: z.number().min(1).max(MAX_HOOK_TIMEOUT_SECONDS).optional(),
  /** What a hook that fails by itself (not by exit code 2) does to what it guards. */
  onFailure: z.enum(["continue", "block"]).optional(),
  /** Shown with its results. */
  statusMessage: text(200).optional(),
  /** Once in the life of Claude Code's process. */
  once: z.boolean().optional(),
};

export const commandHookSchema = z.strictObject({
  type: z.literal("command"),
  /** A shell command; with `args` a program, started without a shell. */
  command: text(MAX_COMMAND_CHARS),
  args: z.array(text(2_000)).max(50).optional(),
  shell: z.literal("bash").optional(),
  /** Nobody waits for it, and it stops nothing. */
  async: z.boolean().optional(),
  ...common,
});
export type CommandHook = z.infer<typeof commandHookSchema>;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const SECRET_HEADER = /^(?:proxy-)?authorization$|cookie|api-?key|token|secret|password/i;

const headersSchema = z.record(z.string(), z.string().max(2_000)).superRefine((headers, context) => {
  for (const [name, value] of Object.entries(headers)) {
    const problem = explainHeader(name, value);
    if (problem !== null) context.addIssue({ code: "custom", path: [name], message: problem });
  }
});

function explainHeader(name: string, value: string): string | null {
  if (!HEADER_NAME.test(name)) return "is no header's name";
  // What is configured here can be read by everybody in its scope.
  if (SECRET_HEADER.test(name)) return "carries a secret, and hooks are kept in clear";
  return /\p{Cc}/u.test(value) ? "has a line break or another control character in its value" : null;
}

export const httpHookSchema = z.strictObject({
  type: z.literal("http"),
  url: z.string().superRefine((url, context) => {
    const problem = explainHookUrl(url);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  }),
  headers: headersSchema.optional(),
  ...common,
});
export type HttpHook = z.infer<typeof httpHookSchema>;

const KNOWN_TYPES = "Hooks here are of type command or http";

export const hookSchema = z.discriminatedUnion("type", [commandHookSchema, httpHookSchema], { error: KNOWN_TYPES });
export type Hook = z.infer<typeof hookSchema>;

export const hookGroupSchema = z.strictObject({
  matcher: z.string().max(MAX_MATCHER_CHARS).optional(),
  hooks: z.array(hookSchema).min(1).max(MAX_HOOKS),
});
export type HookGroup = z.infer<typeof hookGroupSchema>;

export type HooksConfig = Partial<Record<HookEventName, HookGroup[]>>;

export const hooksConfigSchema = hooksSchema(1);

/** Those of all scopes together. */
export const mergedHooksSchema = hooksSchema(SCOPES);

function hooksSchema(scopes: number): z.ZodType<HooksConfig> {
  const most = MAX_HOOKS * scopes;
  return z
    .record(z.string(), z.array(hookGroupSchema).max(MAX_GROUPS * scopes))
    .superRefine((config, context) => {
      for (const [event, groups] of Object.entries(config)) {
        for (const problem of explainEvent(event, groups)) {
          context.addIssue({ code: "custom", path: [event], message: problem });
        }
      }
      if (countHooks(config) > most) context.addIssue({ code: "custom", message: `has more than ${most} hooks` });
    })
    .transform((config) => config as HooksConfig);
}

function explainEvent(event: string, groups: readonly HookGroup[]): string[] {
  if (!isHookEvent(event)) return [`is no event of Claude Code. Events: ${HOOK_EVENT_NAMES.join(", ")}`];
  return groups.flatMap(({ matcher, hooks }) => {
    const problems = [explainMatcher(event, matcher)];
    if (!isToolEvent(event) && hooks.some((hook) => hook.if !== undefined)) {
      problems.push("has an `if`, which only events about a tool call can be held against");
    }
    return problems.filter((problem) => problem !== null);
  });
}

function explainMatcher(event: HookEventName, matcher: string | undefined): string | null {
  if (matcher === undefined || matcher === "" || matcher === "*") return null;
  if (traitsOf(event).matchedField === null) return "takes no matcher: Claude Code has nothing to hold it against";
  return isUsablePattern(matcher) ? null : `has a matcher that is neither names joined by | nor ${PATTERN_RULE}`;
}

export function countHooks(config: Partial<Record<string, readonly HookGroup[]>>): number {
  return Object.values(config).reduce((sum, groups = []) => sum + groups.flatMap(({ hooks }) => hooks).length, 0);
}
