// A permission policy as people write it, and the scopes that it can stand in.
import { z } from "zod";
import { parseRule } from "./rules/parse-rule.ts";

/** Wide to narrow. */
export const POLICY_SCOPES = ["team", "user", "project", "session"] as const;
export const policyScopeSchema = z.enum(POLICY_SCOPES);
export type PolicyScope = z.infer<typeof policyScopeSchema>;

/** Rules in one list. */
const MAX_RULES = 200;

const ruleSchema = z.string().superRefine((text, context) => {
  const reading = parseRule(text);
  if (!reading.ok) context.addIssue({ code: "custom", message: `The rule ${reading.reason}.` });
});

const rulesSchema = z.array(ruleSchema).max(MAX_RULES, `A list has at most ${MAX_RULES} rules.`).default([]);

/** Every server and every tool: sensible to forbid, never to let run unseen. */
const isTooWide = (text: string): boolean => text === "*" || text === "mcp__*";

export const permissionPolicySchema = z.strictObject({
  /** Run without a question. */
  auto_approved: rulesSchema.refine((rules) => !rules.some(isTooWide), {
    message: "* and mcp__* cannot be approved; name the tools or the server.",
  }),
  /** Run after a person said yes, in every mode. */
  user_consent: rulesSchema,
  /** Never run. */
  forbidden: rulesSchema,
});
export type PermissionPolicy = z.infer<typeof permissionPolicySchema>;

export const scopedPolicySchema = z.object({ scope: policyScopeSchema, policy: permissionPolicySchema });
export type ScopedPolicy = z.infer<typeof scopedPolicySchema>;
