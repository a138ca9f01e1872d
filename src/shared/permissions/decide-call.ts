// Decides a tool call by the rules of all scopes: forbidden, then consent, then auto-approved. The most restrictive rule
// that matches wins whatever its scope, so no scope lifts what another one forbids or wants to be asked about.
import { type CallFacts, type CallSubject, readSubject, type ToolCall } from "./call-subject.ts";
import { judgeCommand } from "./judge-command.ts";
import { type PermissionPolicy, POLICY_SCOPES, type PolicyScope, type ScopedPolicy } from "./policy-schema.ts";
import { coversCall, type Hit, hitsCall } from "./rules/match-rule.ts";
import { parseRule } from "./rules/parse-rule.ts";
import type { ScopedRule } from "./scoped-rule.ts";

/** `no_rule`: Claude Code's own mode decides. */
export type CallDecision = {
  behavior: "deny" | "ask" | "allow" | "no_rule";
  /** The rule that decided, as it was written. */
  rule: string | null;
  scope: PolicyScope | null;
  /** For a person. Holds nothing of the call's own text but the tool's name and programs' names. */
  reason: string;
};

export function decide(policies: readonly ScopedPolicy[], call: ToolCall, facts: CallFacts): CallDecision {
  const subject = readSubject(call, facts);
  const forbidden = findHit(listRules(policies, "forbidden"), subject);
  if (forbidden.yes !== null) return restrict("deny", forbidden.yes, `forbids this ${call.toolName} call`);
  const consent = findHit(listRules(policies, "user_consent"), subject);
  if (consent.yes !== null)
    return restrict("ask", consent.yes, `wants a person to agree to this ${call.toolName} call`);
  const doubtful = forbidden.maybe ?? consent.maybe;
  if (doubtful !== null)
    return restrict("ask", doubtful, `may be about this ${call.toolName} call: ${whyUnsure(subject)}`);
  return decideApproval(listRules(policies, "auto_approved"), subject);
}

function decideApproval(rules: readonly ScopedRule[], subject: CallSubject): CallDecision {
  const whole = rules.find(({ rule }) => rule !== null && coversCall(rule, subject));
  if (whole !== undefined) return restrict("allow", whole, `lets this ${subject.toolName} call run`);
  const judged = subject.command === null ? null : judgeCommand(rules, subject, subject.command);
  if (judged === null) {
    const reason = `No rule is about this ${subject.toolName} call; the permission mode decides.`;
    return { behavior: "no_rule", rule: null, scope: null, reason };
  }
  return restrict(judged.behavior, judged.by, judged.says);
}

/** The first rule, from wide to narrow, that surely matches, and the first that possibly does. */
function findHit(
  rules: readonly ScopedRule[],
  subject: CallSubject,
): { yes: ScopedRule | null; maybe: ScopedRule | null } {
  // A rule that cannot be read may be about anything.
  const hits = rules.map((one): [ScopedRule, Hit] => [one, one.rule === null ? "maybe" : hitsCall(one.rule, subject)]);
  const first = (wanted: Hit): ScopedRule | null => hits.find(([, hit]) => hit === wanted)?.[0] ?? null;
  return { yes: first("yes"), maybe: first("maybe") };
}

function listRules(policies: readonly ScopedPolicy[], list: keyof PermissionPolicy): ScopedRule[] {
  return POLICY_SCOPES.flatMap((scope) =>
    policies
      .filter((policy) => policy.scope === scope)
      .flatMap(({ policy }) => policy[list])
      .map((source) => {
        const reading = parseRule(source);
        return { scope, source, rule: reading.ok ? reading.rule : null };
      }),
  );
}

function whyUnsure(subject: CallSubject): string {
  if (subject.command !== null && !subject.command.understood) return `${subject.command.why ?? "it is unclear"}.`;
  if (subject.isShortened) return "a part of it was too long to be looked at.";
  return "a part of it is known only when it runs.";
}

function restrict(behavior: CallDecision["behavior"], by: ScopedRule, says: string): CallDecision {
  const end = says.endsWith(".") ? "" : ".";
  return { behavior, rule: by.source, scope: by.scope, reason: `The ${by.scope}'s rule ${by.source} ${says}${end}` };
}
