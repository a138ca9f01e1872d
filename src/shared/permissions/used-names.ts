// Which commands and skills a turn uses: what people allowed them then runs without a question.
import type { GateConfiguration } from "../configuration/session-configuration.ts";
import type { PermissionQuestion } from "../rpc/session-host-api.ts";
import type { ScopedPolicy } from "./policy-schema.ts";

/** The command that a prompt begins with; null for none. */
export function commandOf(prompt: string): string | null {
  return /^\/([\w:.-]+)(?=\s|$)/.exec(prompt)?.[1] ?? null;
}

/** The skill or command that a tool call loads; null for another call. */
export function skillOf({
  tool_name,
  tool_input,
}: Pick<PermissionQuestion, "tool_name" | "tool_input">): string | null {
  if (tool_name !== "Skill" || typeof tool_input !== "object" || tool_input === null) return null;
  const name: unknown = Reflect.get(tool_input, "skill");
  return typeof name === "string" ? name.replace(/^\//, "") : null;
}

/** `ownNames`: what the repository or the agent has under such a name is not what a person allowed anything. Null: not known. */
export function approvedRules(
  approvals: GateConfiguration["approvals"],
  used: readonly (string | null)[],
  ownNames: readonly string[] | undefined,
): ScopedPolicy[] {
  if (ownNames === undefined) return [];
  return used.flatMap((name) => {
    const approval = name === null || !Object.hasOwn(approvals, name) ? undefined : approvals[name];
    if (approval === undefined || name === null || ownNames.includes(name)) return [];
    return [{ scope: approval.scope, policy: { auto_approved: approval.rules, user_consent: [], forbidden: [] } }];
  });
}
