// Which change of a permission policy widens what may run unseen.
import type { PermissionPolicy } from "../../permissions/policy-schema.ts";
import { parseRule } from "../../permissions/rules/parse-rule.ts";

const EMPTY: PermissionPolicy = { auto_approved: [], user_consent: [], forbidden: [] };

/** More approval, or less that is forbidden or asked about. A rule that moves from consent to forbidden narrows. */
export function widensPolicy(before: PermissionPolicy | null, after: PermissionPolicy | null): boolean {
  const was = before ?? EMPTY;
  const becomes = after ?? EMPTY;
  const restricted = new Set([...becomes.user_consent, ...becomes.forbidden]);
  return (
    becomes.auto_approved.some((rule) => !was.auto_approved.includes(rule)) ||
    was.forbidden.some((rule) => !becomes.forbidden.includes(rule)) ||
    was.user_consent.some((rule) => !restricted.has(rule)) ||
    was.auto_approved.some((rule) => isAboutCommands(rule) && !stillAsks(rule, becomes))
  );
}

/**
 * A rule for commands that approves asks too, in every mode: about a command that it cannot be held against, and about
 * dangerous uses of its programs. Without it the mode decides about them.
 */
function isAboutCommands(source: string): boolean {
  const reading = parseRule(source);
  return reading.ok && reading.rule.argument.kind === "command";
}

function stillAsks(rule: string, { auto_approved, user_consent, forbidden }: PermissionPolicy): boolean {
  const asking = [...user_consent, ...forbidden];
  return [...auto_approved, ...asking].includes(rule) || asking.some((other) => WHOLE_SHELL.has(other));
}

const WHOLE_SHELL = new Set(["Bash", "Bash(*)", "*"]);
