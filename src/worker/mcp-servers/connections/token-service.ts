// Gives a person's token at an MCP server, renewed in time: of many who need it at once, one asks for it.
import {
  type AuthorizationServerMetadata,
  OAuthError,
  type OAuthTokens,
  refreshAuthorization,
} from "@modelcontextprotocol/client";
import type { GuardedFetch } from "../../outbound/guarded-fetch.ts";
import { toMcpFetch } from "../guarded-mcp-fetch.ts";
import { SHORT_LIMITS } from "../outbound-limits.ts";
import type { ServerKey } from "../server-key.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { Connection, ConnectionStore } from "./connection-store.ts";

export type TokenService = {
  /** Null when the person is not signed in at this address. */
  token(key: ServerKey, url: string): Promise<string | null>;
  /** After the server refused that one: another, or null when it takes a person. */
  tokenAfter(key: ServerKey, url: string, refused: string): Promise<string | null>;
};

export type TokenServiceParts = {
  store: ConnectionStore;
  guarded: GuardedFetch;
  nowMs: () => number;
  sleep: (ms: number) => Promise<void>;
};

/** Renewed when less than this is left. */
const RENEW_MS = 60_000;
const CLAIM_MS = 30_000;
const LOOK_AGAIN_MS = 250;

export function createTokenService(parts: TokenServiceParts): TokenService {
  const underWay = new Map<string, Promise<string | null>>();
  /** Within one isolate; between isolates the claim in the database decides. */
  const once = (key: ServerKey, work: () => Promise<string | null>): Promise<string | null> => {
    const id = JSON.stringify(key);
    const running = underWay.get(id) ?? work().finally(() => underWay.delete(id));
    underWay.set(id, running);
    return running;
  };
  const readFor = async (key: ServerKey, url: string): Promise<Connection | null> => {
    const connection = await parts.store.read(key);
    return connection?.url === url ? connection : null;
  };
  return {
    async token(key, url) {
      const connection = await readFor(key, url);
      if (connection === null) return null;
      if (!isEnding(connection.state, parts.nowMs())) return connection.state.tokens.access_token;
      return once(key, () => renew(parts, key, connection));
    },
    async tokenAfter(key, url, refused) {
      const connection = await readFor(key, url);
      if (connection === null) return null;
      const { access_token } = connection.state.tokens;
      return access_token === refused ? once(key, () => renew(parts, key, connection)) : access_token;
    },
  };
}

function isEnding({ expires_at_ms }: ConnectionState, nowMs: number): boolean {
  return expires_at_ms !== null && expires_at_ms - nowMs < RENEW_MS;
}

async function renew(parts: TokenServiceParts, key: ServerKey, connection: Connection): Promise<string | null> {
  const { version, state } = connection;
  if (state.tokens.refresh_token === undefined) return null;
  if (!(await parts.store.claim(key, version, parts.nowMs() + CLAIM_MS))) return waitForOther(parts, key, version);
  const tokens = await ask(parts, state, state.tokens.refresh_token);
  if (tokens === "over") {
    await parts.store.remove(key);
    return null;
  }
  if (tokens === "failed") return null;
  await parts.store.renewed(key, version, withTokens(state, tokens, parts.nowMs()));
  return tokens.access_token;
}

export function withTokens(
  state: Omit<ConnectionState, "tokens" | "expires_at_ms">,
  tokens: OAuthTokens,
  nowMs: number,
) {
  const expires_at_ms = tokens.expires_in === undefined ? null : nowMs + tokens.expires_in * 1000;
  return { client: state.client, discovery: state.discovery, tokens, expires_at_ms };
}

/** `over`: the sign-in does not hold any more. `failed`: the server cannot be asked now. */
async function ask(
  { guarded }: TokenServiceParts,
  { client, discovery }: ConnectionState,
  refreshToken: string,
): Promise<OAuthTokens | "over" | "failed"> {
  const metadata = discovery.authorizationServerMetadata as AuthorizationServerMetadata | undefined;
  const resource = discovery.resourceMetadata?.resource;
  try {
    return await refreshAuthorization(discovery.authorizationServerUrl, {
      ...(metadata === undefined ? {} : { metadata }),
      clientInformation: client,
      refreshToken,
      ...(resource === undefined ? {} : { resource }),
      fetchFn: toMcpFetch(guarded, { ...SHORT_LIMITS, redirects: 0 }, { last: null }),
    });
  } catch (error) {
    return error instanceof OAuthError && /^invalid_(?:grant|client)$|^unauthorized_client$/.test(error.code)
      ? "over"
      : "failed";
  }
}

async function waitForOther(parts: TokenServiceParts, key: ServerKey, version: number): Promise<string | null> {
  for (const endMs = parts.nowMs() + CLAIM_MS; parts.nowMs() < endMs;) {
    const connection = await parts.store.read(key);
    if (connection === null) return null;
    if (connection.version !== version) return connection.state.tokens.access_token;
    await parts.sleep(LOOK_AGAIN_MS);
  }
  return null;
}
