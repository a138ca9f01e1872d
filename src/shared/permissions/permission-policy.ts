// Decides a tool call, as far as no person is needed: the turn's own narrowing first, then Claude Code's mode.
import type { PermissionDecision } from "../rpc/session-host-api.ts";
import type { PermissionMode } from "./permission-mode.ts";
import { isToolAllowed } from "./tool-allow-list.ts";

export type PermissionFacts = {
  stage: "gate" | "consent";
  toolName: string;
  permissionMode: PermissionMode;
  allowedTools: readonly string[] | undefined;
};

export function decidePermission(facts: PermissionFacts): PermissionDecision {
  if (!isToolAllowed(facts.allowedTools, facts.toolName)) {
    return deny(`${facts.toolName} is not among this turn's allowed_tools. Go on without it, or say what is missing.`);
  }
  if (facts.stage === "gate") return { behavior: "no_rule" };
  return deny(
    `${facts.toolName} needs a person's consent in permission mode ${facts.permissionMode}, and nobody can be asked ` +
      "here. It did not run. Go on with what this mode allows, and say in your answer what was left undone and why.",
  );
}

function deny(message: string): PermissionDecision {
  return { behavior: "deny", message };
}
