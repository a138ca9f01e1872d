// The one way for requests to addresses that people enter: every hop is judged by its text and by all that its name resolves to.
import { AppError } from "../../shared/errors/app-error.ts";
import { judgeAddress } from "../../shared/outbound/address-policy.ts";
import { headersForForeign, judgeRedirect, type RedirectVerdict } from "../../shared/outbound/redirect-policy.ts";
import { explainUrlRefusal, judgeUrl, type UrlRules } from "../../shared/outbound/url-policy.ts";
import { boundAnswer } from "./bound-answer.ts";
import type { ResolveName } from "./resolve-name.ts";

export type OutboundLimits = {
  /** Until the answer's head is there, over all hops. */
  headMs: number;
  /** Of the whole answer, and how long it may take and pause. */
  maxBytes: number;
  totalMs: number;
  idleMs: number;
  redirects: number;
};

export type OutboundRequest = {
  url: string;
  method?: string;
  headers?: HeadersInit;
  body?: string | Uint8Array<ArrayBuffer> | null;
  signal?: AbortSignal | null;
  limits: OutboundLimits;
  /** Hears why an answer was cut in its middle, before whoever reads it does. */
  onCut?: (why: AppError) => void;
};

export type GuardedFetch = (request: OutboundRequest) => Promise<Response>;

export type GuardParts = {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  resolve: ResolveName;
  rules: UrlRules;
};

type Sending = { url: URL; method: string; headers: Headers; body: string | Uint8Array<ArrayBuffer> | null };

export function createGuardedFetch(parts: GuardParts): GuardedFetch {
  return async (request) => {
    const cut = new AbortController();
    // The time for the head ends with the head: what the body may take is counted on its own.
    const timer = setTimeout(() => cut.abort(), request.limits.headMs);
    const onGone = (): void => cut.abort();
    // Not by AbortSignal.any: what it makes can be collected before it fires.
    request.signal?.addEventListener("abort", onGone, { once: true });
    if (request.signal?.aborted === true) onGone();
    try {
      const answer = await follow(parts, request, cut.signal);
      return boundAnswer(answer, request.limits, (why) => {
        if (why !== undefined) request.onCut?.(why);
        cut.abort();
      });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The first answer that is no redirect. */
async function follow(parts: GuardParts, request: OutboundRequest, signal: AbortSignal): Promise<Response> {
  let hop: Sending = {
    url: await admit(parts, request.url),
    method: (request.method ?? "GET").toUpperCase(),
    headers: new Headers(request.headers),
    body: request.body ?? null,
  };
  for (let hopsLeft = request.limits.redirects; ; hopsLeft--) {
    const answer = await send(parts, hop, signal);
    const { url, method, body } = hop;
    const location = answer.headers.get("location");
    const verdict = judgeRedirect({ url, method, hasBody: body !== null }, answer.status, location, hopsLeft);
    if (verdict.step === "answer") return answer;
    void answer.body?.cancel().catch(() => null);
    hop = await nextHop(parts, hop, verdict);
  }
}

/** The address as it is asked, once its text and everything that its name resolves to were judged. */
async function admit({ rules, resolve }: GuardParts, text: string): Promise<URL> {
  const verdict = judgeUrl(text, rules);
  if (!verdict.ok) throw refused(explainUrlRefusal(verdict.refusal));
  if (verdict.address) return verdict.url;
  const addresses = await resolve(verdict.url.hostname);
  if (addresses.length === 0) throw refused("Its name resolves to nothing.");
  const isAllowed = (address: string): boolean => {
    const kind = judgeAddress(address);
    // Only the name that means this machine may lead to it.
    return kind === "public" || (kind === "loopback" && rules.allowLoopback && verdict.url.hostname === "localhost");
  };
  if (!addresses.every(isAllowed)) throw refused("Its name resolves to a private or reserved address.");
  return verdict.url;
}

async function send({ fetch }: GuardParts, { url, method, headers, body }: Sending, signal: AbortSignal) {
  try {
    signal.throwIfAborted();
    const content = body === null ? {} : { body };
    return await fetch(url.href, { method, headers, ...content, redirect: "manual", signal });
  } catch (cause) {
    const why = signal.aborted ? "did not answer in time" : "cannot be reached";
    throw new AppError("address_unreachable", `The server ${why}. Check its address, and that it is up.`, { cause });
  }
}

async function nextHop(
  parts: GuardParts,
  hop: Sending,
  verdict: Exclude<RedirectVerdict, { step: "answer" }>,
): Promise<Sending> {
  if (verdict.step === "refuse") throw refused(REDIRECT_WORDS[verdict.refusal]);
  return {
    url: await admit(parts, verdict.location),
    method: verdict.method,
    headers: verdict.foreign ? new Headers(headersForForeign(hop.headers)) : hop.headers,
    body: verdict.keepsBody ? hop.body : null,
  };
}

const REDIRECT_WORDS = {
  too_many: "It redirects too often.",
  no_location: "It redirects to nowhere.",
  carries_body: "It redirects what was sent to it; enter the address that it redirects to.",
} as const;

function refused(why: string): AppError {
  return new AppError("address_refused", `This address is not asked. ${why}`);
}
