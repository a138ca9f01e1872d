// Decides what becomes of a request when its answer is a redirect: where it goes next, and what it may take along.

export type Hop = { url: URL; method: string; hasBody: boolean };

export type RedirectVerdict =
  | { step: "answer" }
  /** `foreign`: another origin, which is told nothing that was meant for the first one. */
  | { step: "follow"; location: string; method: string; keepsBody: boolean; foreign: boolean }
  | { step: "refuse"; refusal: "too_many" | "no_location" | "carries_body" };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Headers that say nothing about who asks, and go on to another origin. */
const HARMLESS_HEADERS = new Set([
  "accept",
  "accept-language",
  "content-type",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "user-agent",
]);

export function judgeRedirect(hop: Hop, status: number, location: string | null, hopsLeft: number): RedirectVerdict {
  if (!REDIRECTS.has(status)) return { step: "answer" };
  if (hopsLeft <= 0) return { step: "refuse", refusal: "too_many" };
  if (location === null || !URL.canParse(location, hop.url.href)) return { step: "refuse", refusal: "no_location" };
  const target = new URL(location, hop.url.href);
  const foreign = target.origin !== hop.url.origin;
  const isRead = hop.method === "GET" || hop.method === "HEAD";
  if (isRead) return { step: "follow", location: target.href, method: hop.method, keepsBody: false, foreign };
  if (status === 303) return { step: "follow", location: target.href, method: "GET", keepsBody: false, foreign };
  // What was sent to one server is not handed to another one because the first one says so.
  if (foreign || status === 301 || status === 302) return { step: "refuse", refusal: "carries_body" };
  return { step: "follow", location: target.href, method: hop.method, keepsBody: hop.hasBody, foreign };
}

export function headersForForeign(headers: Iterable<[string, string]>): [string, string][] {
  return [...headers].filter(([name]) => HARMLESS_HEADERS.has(name.toLowerCase()));
}
