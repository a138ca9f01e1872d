// Which headers pass between Claude Code and the provider. The key is added here and nowhere else.

const REQUEST_HEADERS = [
  "anthropic-version",
  "content-type",
  "accept",
  "user-agent",
  "x-app",
  "x-stainless-retry-count",
];

const ANSWER_HEADERS = [
  "content-type",
  "retry-after",
  "retry-after-ms",
  "request-id",
  "x-should-retry",
  "anthropic-organization-id",
];
const ANSWER_PREFIX = "anthropic-ratelimit-";

/**
 * The betas that change how one model request is answered. Left out are those that reach other parts of the provider's
 * API (files, batches, remote MCP servers, managed agents, code execution) or name another way to sign in.
 */
const BETAS = new Set([
  "adaptive-thinking-2026-01-28",
  "advanced-tool-use-2025-11-20",
  "auto-mode-classifier-2026-07-16",
  "cache-diagnosis-2026-04-07",
  "cache-keepalive-2026-09-03",
  "claude-code-20250219",
  "claude-code-side-query-2026-09-29",
  "context-1m-2025-08-07",
  "context-hint-2026-04-09",
  "context-management-2025-06-27",
  "effort-2025-11-24",
  "extended-cache-ttl-2025-04-11",
  "fast-mode-2026-02-01",
  "fine-grained-tool-streaming-2025-05-14",
  "interleaved-thinking-2025-05-14",
  "mid-conversation-system-2026-04-07",
  "mid-conversation-system-clear-at-2026-08-21",
  "mid-conversation-tool-changes-2026-07-01",
  "per-turn-control-2026-07-01",
  "prompt-caching-evict-2026-05-12",
  "prompt-caching-scope-2026-01-05",
  "redact-thinking-2026-02-12",
  "structured-outputs-2025-12-15",
  "task-budgets-2026-03-13",
  "thinking-binding-controls-2026-08-01",
  "thinking-display-updates-2026-08-18",
  "thinking-resumption-2026-07-17",
  "thinking-token-count-2026-05-13",
  "timing-2026-09-09",
  "token-counting-2024-11-01",
  "tool-search-tool-2025-10-19",
  "web-search-2025-03-05",
  "web-search-results-only-2026-11-15",
]);

export function requestHeaders(incoming: Headers, modelKey: string): Headers {
  const headers = new Headers({ "x-api-key": modelKey });
  for (const name of REQUEST_HEADERS) copy(incoming, headers, name);
  const betas = (incoming.get("anthropic-beta") ?? "").split(",").map((beta) => beta.trim());
  const allowed = betas.filter((beta) => BETAS.has(beta));
  if (allowed.length > 0) headers.set("anthropic-beta", allowed.join(","));
  return headers;
}

export function answerHeaders(incoming: Headers): Headers {
  const headers = new Headers({ "cache-control": "no-store" });
  for (const name of ANSWER_HEADERS) copy(incoming, headers, name);
  for (const [name, value] of incoming) if (name.startsWith(ANSWER_PREFIX)) headers.set(name, value);
  return headers;
}

function copy(from: Headers, to: Headers, name: string): void {
  const value = from.get(name);
  if (value !== null) to.set(name, value);
}
