// One line that says what a call would do, for lists and links; the page shows the whole.
import type { RequestKind } from "./permission-request.ts";

const MAX_CHARACTERS = 200;

export function summarizeCall(kind: RequestKind, toolName: string, toolInput: unknown): string {
  return cut(oneLine(describe(kind, toolName, toolInput)));
}

function describe(kind: RequestKind, toolName: string, toolInput: unknown): string {
  const input = (typeof toolInput === "object" && toolInput !== null ? toolInput : {}) as Record<string, unknown>;
  if (kind === "question") return firstQuestion(input) ?? "A question";
  if (kind === "plan") return textOf(input["plan"]) ?? "A plan";
  if (kind === "elicitation") return textOf(input["message"]) ?? "A question";
  const named = ["command", "file_path", "notebook_path", "url", "query", "pattern", "skill", "description"];
  const found = named.map((name) => textOf(input[name])).find((text) => text !== null);
  return `${toolName}: ${found ?? JSON.stringify(input)}`;
}

function firstQuestion({ questions }: Record<string, unknown>): string | null {
  const first: unknown = Array.isArray(questions) ? questions[0] : null;
  return textOf((first as { question?: unknown } | null)?.question);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)} …` : text;
}
