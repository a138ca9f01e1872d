// Which requests from inside a container pass to the edge: the model route, MCP servers and the runner's own, written plainly.

export type ForwardVerdict = { pass: true; target: string } | { pass: false };

const MAX_TARGET_CHARACTERS = 4096;
const MODEL_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
// No percent sign and no backslash: nothing that a later reader of the path could understand differently.
const PLAIN_PATH = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;
/** Packs and bundles by their names, each behind a run token for one operation. */
const PACK_PATH = /^\/runner\/packs\/[0-9a-f]{64}$/;
const EXPORT_PATH = /^\/runner\/exports\/[0-9a-f-]{36}$/;
/** Remote MCP servers, behind a run token for one session; the query is sealed by the edge. */
const MCP_PATH = /^\/mcp-proxy\/[0-9a-f-]{36}\/[A-Za-z0-9_-]{1,64}$/;
const PLAIN_QUERY = /^[\x21-\x7e]*$/;

/** `target` is the request target as it came: it must be an origin-form path, never a whole URL. */
export function judgeForward(method: string, target: string): ForwardVerdict {
  if (target.length > MAX_TARGET_CHARACTERS) return { pass: false };
  const [path = "", ...queryParts] = target.split("?");
  const query = queryParts.join("?");
  if (!PLAIN_PATH.test(path) || !PLAIN_QUERY.test(query) || query.includes("#")) return { pass: false };
  if (path.split("/").some((segment) => segment === "." || segment === "..")) return { pass: false };
  return isOpen(method, path) ? { pass: true, target } : { pass: false };
}

function isOpen(method: string, path: string): boolean {
  if (path === "/runner/wake" || path === "/runner/hooks") return method === "POST";
  if (path === "/runner/packs") return method === "PUT";
  if (PACK_PATH.test(path)) return method === "PUT" || method === "GET";
  if (EXPORT_PATH.test(path)) return method === "PUT";
  if (MCP_PATH.test(path)) return method === "POST" || method === "GET" || method === "DELETE";
  return (path === "/model" || path.startsWith("/model/")) && MODEL_METHODS.has(method);
}

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "http2-settings",
]);
/** Headers that say where a request comes from prove nothing here, so none passes. */
const CLAIMED_ORIGIN =
  /^(?:cf-|x-forwarded-|x-real-ip$|forwarded$|true-client-ip$|x-client-ip$|via$|mf-|x-original-|x-rewrite-)/;

/** The headers that pass, as pairs; `raw` is node:http's rawHeaders. */
export function selectHeaders(raw: readonly string[]): [string, string][] {
  const pairs = toPairs(raw);
  const named = pairs
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(",").map((token) => token.trim().toLowerCase()));
  const dropped = new Set([...HOP_BY_HOP, ...named.filter((name) => name !== "content-length")]);
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()) && !CLAIMED_ORIGIN.test(name.toLowerCase()));
}

function toPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return pairs;
}
