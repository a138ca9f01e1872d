// Which headers pass between Claude Code and an MCP server. Ours are added in between; no other says who asks.

const REQUEST_HEADERS = ["accept", "mcp-session-id", "mcp-protocol-version", "last-event-id", "mcp-method", "mcp-name"];
/** Arguments of a call that its tool wants as headers, too. */
const ARGUMENT_HEADER = /^mcp-param-[a-z0-9-]{1,64}$/;
const ANSWER_HEADERS = ["mcp-session-id", "mcp-protocol-version"];

export function requestHeaders(incoming: Headers, own: Record<string, string>, hasBody: boolean): Headers {
  const headers = new Headers(own);
  for (const name of REQUEST_HEADERS) copy(incoming, headers, name);
  for (const [name, value] of incoming) if (ARGUMENT_HEADER.test(name)) headers.set(name, value);
  if (hasBody) headers.set("content-type", "application/json");
  if (!headers.has("user-agent")) headers.set("user-agent", "Berth");
  return headers;
}

/** A challenge to sign in stays here: Claude Code would take it for its own. */
export function answerHeaders(incoming: Headers): Headers {
  const headers = new Headers({ "cache-control": "no-store" });
  for (const name of ANSWER_HEADERS) copy(incoming, headers, name);
  return headers;
}

function copy(from: Headers, to: Headers, name: string): void {
  const value = from.get(name);
  if (value !== null) to.set(name, value);
}
