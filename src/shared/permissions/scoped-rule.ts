// A rule with the scope that it comes from.
import type { PolicyScope } from "./policy-schema.ts";
import type { PermissionRule } from "./rules/permission-rule.ts";

/** `rule` is null when a stored text cannot be read any more. */
export type ScopedRule = { scope: PolicyScope; source: string; rule: PermissionRule | null };
