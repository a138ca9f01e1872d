// Names a tool call by its content, so that a person can allow this very call once more and no other.
import { isShortened } from "../../shared/permissions/shortened-input.ts";
import type { PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import { sha256HexOf } from "../sha256.ts";

/** SHA-256 of tool, working directory and input; null when a part of the input is not known. */
export async function hashCall(
  question: Pick<PermissionQuestion, "tool_name" | "tool_input" | "cwd">,
): Promise<string | null> {
  if (isShortened(question.tool_input)) return null;
  const text = JSON.stringify([question.tool_name, question.cwd ?? null, sortKeys(question.tool_input)]);
  return sha256HexOf(text);
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
