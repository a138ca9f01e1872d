// Which tool calls are questions to a person in themselves: no rule answers them.
import type { PermissionQuestion } from "../rpc/session-host-api.ts";
import type { RequestKind } from "./permission-request.ts";

const KINDS: Readonly<Record<string, RequestKind>> = { AskUserQuestion: "question", ExitPlanMode: "plan" };

export function kindOf({ stage, tool_name }: Pick<PermissionQuestion, "stage" | "tool_name">): RequestKind {
  if (stage === "elicitation") return "elicitation";
  return Object.hasOwn(KINDS, tool_name) ? (KINDS[tool_name] ?? "tool") : "tool";
}
