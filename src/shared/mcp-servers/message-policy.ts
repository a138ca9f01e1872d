// Decides which MCP messages pass between Claude Code and a server: calls of allowed tools, and lists of those alone.
import { mayCall } from "./server-schema.ts";

type Message = Record<string, unknown>;
type AllowList = { allowed_tools: readonly string[] | null };

export type OutgoingVerdict =
  /** `message` is what is sent: read once here, so that nobody reads it differently later. */
  { pass: true; message: unknown; method: string | null } | { pass: false; answer: unknown };

const NOT_ALLOWED = -32602;
const MALFORMED = -32600;
/** One call at a time since 2025-06; before that a list of them was allowed. */
const MAX_BATCH = 100;

/** What Claude Code sends. `name`: the server's, for the refusal's words. `header`: what its `Mcp-Name` says. */
export function judgeOutgoing(
  parsed: unknown,
  { allowed_tools }: AllowList,
  { name, header }: { name: string; header: string | null },
): OutgoingVerdict {
  const messages = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed];
  if (messages.length === 0 || messages.length > MAX_BATCH || !messages.every(isMessage)) return malformed();
  const calls = messages.filter((message) => message["method"] === "tools/call");
  const refused = calls.filter((call) => !isAllowed(call, allowed_tools, header));
  if (refused.length > 0) return { pass: false, answer: refuseAll(messages, name) };
  const method = messages[0]?.["method"];
  return { pass: true, message: parsed, method: typeof method === "string" ? method : null };
}

function isAllowed(call: Message, allowed: readonly string[] | null, header: string | null): boolean {
  if (allowed === null) return true;
  const tool = isMessage(call["params"]) ? call["params"]["name"] : null;
  if (typeof tool !== "string" || (header !== null && header !== tool)) return false;
  return mayCall({ allowed_tools: [...allowed] }, tool);
}

function refuseAll(messages: readonly Message[], name: string): unknown {
  const message = `This tool is not among those that may be used of the server ${name}.`;
  const answers = messages
    .filter(({ id }) => id !== undefined)
    .map(({ id }) => ({ jsonrpc: "2.0", id, error: { code: NOT_ALLOWED, message } }));
  return answers.length === 1 ? answers[0] : answers;
}

function malformed(): OutgoingVerdict {
  const error = { code: MALFORMED, message: "This is no JSON-RPC message." };
  return { pass: false, answer: { jsonrpc: "2.0", id: null, error } };
}

/** What a server sends: its lists without the tools that may not be called. `tools` counts what it has. */
export function filterIncoming(parsed: unknown, allow: AllowList): { message: unknown; tools: number | null } {
  if (Array.isArray(parsed)) {
    const all = parsed.map((one: unknown) => filterIncoming(one, allow));
    return {
      message: all.map(({ message }) => message),
      tools: all.find(({ tools }) => tools !== null)?.tools ?? null,
    };
  }
  const result = isMessage(parsed) ? parsed["result"] : null;
  if (!isMessage(parsed) || !isMessage(result) || !Array.isArray(result["tools"]))
    return { message: parsed, tools: null };
  const listed = result["tools"] as unknown[];
  const tools = listed.filter((tool) => {
    const name = isMessage(tool) ? tool["name"] : null;
    return typeof name === "string" && (allow.allowed_tools === null || allow.allowed_tools.includes(name));
  });
  return { message: { ...parsed, result: { ...result, tools } }, tools: listed.length };
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
