// Which browser origins may call the MCP endpoint. A request without an Origin comes from no page and is fine.

const HOSTED_CLIENTS = new Set(["https://claude.ai", "https://claude.com"]);
const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function isOriginAllowed(
  origin: string | null,
  options: { publicUrl: string; allowLoopback: boolean },
): boolean {
  if (origin === null) return true;
  if (origin === options.publicUrl || HOSTED_CLIENTS.has(origin)) return true;
  return options.allowLoopback && isLoopback(origin);
}

function isLoopback(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && url.protocol === "http:" && url.origin === origin && LOOPBACK_HOSTS.has(url.hostname);
}
