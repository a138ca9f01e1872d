// What a JSON-RPC body asks for, as far as the endpoint has to know before the SDK reads it; and its errors.

export const RPC_ERRORS = { parse: -32700, invalidRequest: -32600, invalidParams: -32602, refused: -32000 } as const;

export type RpcFacts = {
  calledTools: string[];
  touchesResources: boolean;
  touchesPrompts: boolean;
  touchesData: boolean;
};

/** They show what is somebody's own. */
const OF_SOMEBODY = ["tools/call", "resources/read", "prompts/list", "prompts/get", "completion/complete"];

export function readRpcFacts(body: unknown): RpcFacts {
  const messages = Array.isArray(body) ? body : [body];
  const facts: RpcFacts = {
    calledTools: [],
    touchesResources: false,
    touchesPrompts: false,
    touchesData: false,
  };
  for (const message of messages) {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } };
    if (typeof method !== "string") continue;
    if (method === "tools/call" && typeof params?.name === "string") facts.calledTools.push(params.name);
    if (method.startsWith("resources/")) facts.touchesResources = true;
    if (method.startsWith("prompts/") || method.startsWith("completion/")) facts.touchesPrompts = true;
    if (OF_SOMEBODY.includes(method)) facts.touchesData = true;
  }
  facts.calledTools = [...new Set(facts.calledTools)];
  return facts;
}

/** JSON-RPC 2.0 messages, one or several; what else is wrong with one is the SDK's to say. */
export function isRpcBody(body: unknown): boolean {
  const messages = Array.isArray(body) ? body : [body];
  return messages.length > 0 && messages.every((message) => isMessage(message as Record<string, unknown> | null));
}

function isMessage(message: Record<string, unknown> | null): boolean {
  if (typeof message !== "object" || message === null || message["jsonrpc"] !== "2.0") return false;
  return typeof message["method"] === "string" || "result" in message || "error" in message;
}

type RpcId = string | number | null;

/** The id of a single request; null for anything else. */
export function readRpcId(body: unknown): RpcId {
  const { id } = (body ?? {}) as { id?: unknown };
  return typeof id === "string" || typeof id === "number" ? id : null;
}

export function rpcError(status: number, code: number, message: string, id: RpcId = null): Response {
  const body = { jsonrpc: "2.0", id, error: { code, message } };
  return Response.json(body, { status, headers: { "cache-control": "no-store" } });
}
