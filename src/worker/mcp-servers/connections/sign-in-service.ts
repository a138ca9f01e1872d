// Signs a person in at an MCP server: discovery, registration, PKCE by the MCP library, through the guard, once.
import {
  auth,
  extractWWWAuthenticateParams,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  type StoredOAuthClientInformation,
} from "@modelcontextprotocol/client";
import { AppError } from "../../../shared/errors/app-error.ts";
import { judgeUrl, type UrlRules } from "../../../shared/outbound/url-policy.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import type { GuardedFetch } from "../../outbound/guarded-fetch.ts";
import { type FailureNote, toMcpFetch } from "../guarded-mcp-fetch.ts";
import { SHORT_LIMITS } from "../outbound-limits.ts";
import type { ServerKey } from "../server-key.ts";
import { connectionStateSchema, type SignInState, signInStateSchema } from "./connection-state.ts";
import type { ConnectionStore } from "./connection-store.ts";
import type { SignInStateStore } from "./sign-in-state-store.ts";
import { withTokens } from "./token-service.ts";

export type SignInService = {
  /** Where the person's browser goes next. */
  begin(key: ServerKey, url: string): Promise<URL>;
  /** Back from there: keeps the tokens, and says for which server. */
  finish(principal: Principal, answer: { state: string; code: string; iss: string | null }): Promise<ServerKey>;
};

export type SignInServiceParts = {
  connections: ConnectionStore;
  pending: SignInStateStore;
  guarded: GuardedFetch;
  rules: UrlRules;
  publicUrl: string;
  newState: () => string;
  sha256Hex: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  nowMs: () => number;
};

export const CALLBACK_PATH = "/mcp-servers/callback";
export const CLIENT_METADATA_PATH = "/mcp-servers/client-metadata";

export function clientMetadata(publicUrl: string) {
  return {
    client_name: "Berth",
    client_uri: publicUrl,
    redirect_uris: [`${publicUrl}${CALLBACK_PATH}`],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
}

export function createSignInService(parts: SignInServiceParts): SignInService {
  return {
    begin: (key, url) => begin(parts, key, url),
    async finish(principal, { state, code, iss }) {
      const pending = await parts.pending.take(await hash(parts, state));
      const isOwn = pending?.key.user_id === principal.user_id && pending.key.team_id === principal.team_id;
      if (pending === null || !isOwn) throw stale();
      const memory = toMemory(pending.state);
      const note: FailureNote = { last: null };
      const options = { serverUrl: pending.url, authorizationCode: code, ...(iss === null ? {} : { iss }) };
      const fetchFn = toMcpFetch(parts.guarded, { ...SHORT_LIMITS, redirects: 0 }, note);
      await auth(toProvider(parts, memory, state), { ...options, fetchFn }).catch(() => null);
      if (memory.tokens === undefined) throw note.last ?? refused();
      const kept = withTokens(pending.state, memory.tokens, parts.nowMs());
      await parts.connections.replace(pending.key, pending.url, connectionStateSchema.parse(kept));
      return pending.key;
    },
  };
}

/** What the library keeps between its steps. */
type Memory = {
  verifier: string;
  client: StoredOAuthClientInformation | undefined;
  discovery: OAuthDiscoveryState | undefined;
  tokens: OAuthTokens | undefined;
  page: URL | null;
};

function toMemory(state: SignInState | null): Memory {
  return {
    verifier: state?.verifier ?? "",
    client: state?.client,
    discovery: state?.discovery as OAuthDiscoveryState | undefined,
    tokens: undefined,
    page: null,
  };
}

async function begin(parts: SignInServiceParts, key: ServerKey, url: string): Promise<URL> {
  const memory = toMemory(null);
  const note: FailureNote = { last: null };
  const fetchFn = toMcpFetch(parts.guarded, SHORT_LIMITS, note);
  const state = parts.newState();
  const challenge = await readChallenge(parts, url);
  await auth(toProvider(parts, memory, state), { serverUrl: url, fetchFn, ...challenge }).catch(() => null);
  const saved = signInStateSchema.safeParse(memory);
  if (memory.page === null || !saved.success) throw note.last ?? notOffered();
  // A browser is sent there: an address that we would not ask ourselves is none to send a person to either.
  if (!judgeUrl(memory.page.href, parts.rules).ok) throw notOffered();
  await parts.pending.begin(await hash(parts, state), { key, url, state: saved.data });
  return memory.page;
}

/** Where the server says that its sign-in is described; the usual places are looked at where it says nothing. */
async function readChallenge({ guarded }: SignInServiceParts, url: string) {
  const headers = { accept: "application/json, text/event-stream", "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" });
  const answer = await guarded({ url, method: "POST", headers, body, limits: SHORT_LIMITS });
  void answer.body?.cancel().catch(() => null);
  if (answer.status !== 401) return {};
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(answer);
  return {
    ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function toProvider({ publicUrl }: SignInServiceParts, memory: Memory, state: string): OAuthClientProvider {
  return {
    redirectUrl: `${publicUrl}${CALLBACK_PATH}`,
    clientMetadata: clientMetadata(publicUrl),
    // Servers fetch it over https alone.
    ...(publicUrl.startsWith("https:") ? { clientMetadataUrl: `${publicUrl}${CLIENT_METADATA_PATH}` } : {}),
    state: () => state,
    clientInformation: () => memory.client,
    saveClientInformation: (client) => void (memory.client = client),
    tokens: () => memory.tokens,
    saveTokens: (tokens) => void (memory.tokens = tokens),
    redirectToAuthorization: (page) => void (memory.page = page),
    saveCodeVerifier: (verifier) => void (memory.verifier = verifier),
    codeVerifier: () => memory.verifier,
    saveDiscoveryState: (discovery) => void (memory.discovery = discovery),
    discoveryState: () => memory.discovery,
  };
}

function hash({ sha256Hex }: SignInServiceParts, state: string): Promise<string> {
  return sha256Hex(Uint8Array.from(new TextEncoder().encode(state)));
}

function stale(): AppError {
  const message = "This sign-in was used, is older than ten minutes, or is another person's. Begin it again.";
  return new AppError("mcp_connect_refused", message);
}

function refused(): AppError {
  return new AppError("mcp_connect_refused", "The server did not accept the sign-in. Begin it again.");
}

function notOffered(): AppError {
  const message = "The server offers no sign-in that can be used. Give it a header with a key instead.";
  return new AppError("mcp_connect_refused", message);
}
