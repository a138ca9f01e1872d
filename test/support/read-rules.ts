// The short form in which the tables of permission tests write a policy.
import { type PermissionPolicy, permissionPolicySchema } from "../../src/shared/permissions/policy-schema.ts";

/** `+` auto-approved, `?` user consent, `!` forbidden, two spaces between rules. */
export function readRules(rules: string): PermissionPolicy {
  const list = (mark: string) =>
    rules
      .split("  ")
      .filter((rule) => rule.startsWith(mark))
      .map((rule) => rule.slice(1));
  return permissionPolicySchema.parse({ auto_approved: list("+"), user_consent: list("?"), forbidden: list("!") });
}

/** The same, where a rule that names no tool is a Bash rule's argument: `+git *` for `+Bash(git *)`. */
export function readBashRules(rules: string): PermissionPolicy {
  const named = rules
    .split("  ")
    .map((rule) =>
      /^.(?:Bash|Read|Edit|Write)\b|^!\*$/.test(rule) ? rule : `${rule.slice(0, 1)}Bash(${rule.slice(1)})`,
    );
  return readRules(named.join("  "));
}
