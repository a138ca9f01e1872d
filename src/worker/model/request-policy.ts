// What a model request may ask of the provider: no remote MCP servers, no containers, server tools from a list.
// Whether the session may use the model is the Session object's to say.

export type ModelRequest = { model: string; max_output_tokens: number | null };
export type RequestVerdict = { ok: true; request: ModelRequest } | { ok: false; reason: string };

/** Would make the provider act elsewhere, with the organisation's rights. */
const REFUSED_FIELDS = ["mcp_servers", "container"];

/** Tools with a type are built into the API. Those with the first names run in the sandbox; the rest runs at the provider. */
const ALLOWED_TOOL_TYPES = [
  /^custom$/,
  /^(?:bash|text_editor|memory)_\d{8}$/,
  /^web_search_\d{8}$/,
  /^tool_search_tool_(?:regex|bm25)(?:_\d{8})?$/,
];

export function judgeModelRequest(body: unknown): RequestVerdict {
  if (!isRecord(body)) return refuse("The request's body must be a JSON object.");
  const { model } = body;
  if (typeof model !== "string" || model === "" || model.length > 256) return refuse("model must be a model's name.");
  const field = REFUSED_FIELDS.find((name) => body[name] !== undefined && body[name] !== null);
  if (field !== undefined) return refuse(`The field ${field} is not allowed here.`);
  if (![body, ...contentBlocks(body["messages"])].every(hasAllowedTools)) {
    return refuse("One of the tools runs at the provider and is not allowed here.");
  }
  const { max_tokens } = body;
  const max_output_tokens = typeof max_tokens === "number" && max_tokens >= 0 ? max_tokens : null;
  return { ok: true, request: { model, max_output_tokens } };
}

/** Tools can be added within a conversation as well, by blocks of its messages. */
function contentBlocks(messages: unknown): Record<string, unknown>[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isRecord).flatMap((message) => {
    const content = Array.isArray(message["content"]) ? message["content"].filter(isRecord) : [];
    return [message, ...content];
  });
}

function hasAllowedTools(holder: Record<string, unknown>): boolean {
  const { tools, tool } = holder;
  const all = [...(Array.isArray(tools) ? tools : []), ...(isRecord(tool) ? [tool] : [])];
  return all.every((entry) => isRecord(entry) && isAllowedType(entry["type"]));
}

function isAllowedType(type: unknown): boolean {
  if (type === undefined || type === null) return true;
  return typeof type === "string" && ALLOWED_TOOL_TYPES.some((allowed) => allowed.test(type));
}

function refuse(reason: string): RequestVerdict {
  return { ok: false, reason };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
