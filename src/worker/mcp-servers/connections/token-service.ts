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
/** Longer than asking for a new one can take: while one asks, nobody else uses the same refresh token up. */
const CLAIM_MS = 60_000;
/** Whoever needs it has waited long enough then. */
const WAIT_MS = 30_000;
const LOOK_AGAIN_MS = 250;

export function createTokenService(parts: TokenServiceParts): TokenService {
  const underWay = new Map<string, Promise<string | null>>();
  /** Within one isolate; between isolates the claim in the database decides. */
  const once = (wanted: Wanted, work: () => Promise<string | null>): Promise<string | null> => {
    const id = JSON.stringify([wanted.key, wanted.url, wanted.refused]);
    const running = underWay.get(id) ?? work().finally(() => underWay.delete(id));
    underWay.set(id, running);
    return running;
  };
  const give = async (wanted: Wanted): Promise<string | null> => {
    const connection = await readFor(parts, wanted);
    if (connection === null) return null;
    return isGood(connection.state, wanted, parts.nowMs())
      ? connection.state.tokens.access_token
      : once(wanted, () => renew(parts, wanted, connection));
  };
  return {
    token: (key, url) => give({ key, url, refused: null }),
    tokenAfter: (key, url, refused) => give({ key, url, refused }),
  };
}

/** For which server a token is needed, at which address, and which one it did not take. */
type Wanted = { key: ServerKey; url: string; refused: string | null };

async function readFor({ store }: TokenServiceParts, { key, url }: Wanted): Promise<Connection | null> {
  const connection = await store.read(key);
  return connection?.url === url ? connection : null;
}

/** Without a refusal it is renewed before it ends; after one, whatever else there is may do. */
function isGood({ tokens, expires_at_ms }: ConnectionState, { refused }: Wanted, nowMs: number): boolean {
  if (refused !== null) return tokens.access_token !== refused;
  return expires_at_ms === null || expires_at_ms - nowMs >= RENEW_MS;
}

/** What there is when no new one can be had: still good for a moment, or null. */
function lastResort({ tokens, expires_at_ms }: ConnectionState, { refused }: Wanted, nowMs: number): string | null {
  const isOver = expires_at_ms !== null && expires_at_ms <= nowMs;
  return isOver || tokens.access_token === refused ? null : tokens.access_token;
}

async function renew(parts: TokenServiceParts, wanted: Wanted, held: Connection): Promise<string | null> {
  const { store, nowMs } = parts;
  const { key } = wanted;
  const { refresh_token } = held.state.tokens;
  if (refresh_token === undefined) return lastResort(held.state, wanted, nowMs());
  if (!(await store.claim(key, held, nowMs() + CLAIM_MS))) return waitForOther(parts, wanted, held);
  const tokens = await ask(parts, held.state, refresh_token);
  if (tokens === "failed") {
    await store.release(key, held);
    return lastResort(held.state, wanted, nowMs());
  }
  if (tokens === "over") {
    await store.remove(key, held);
    // A sign-in that came between holds.
    return (await readFor(parts, wanted))?.state.tokens.access_token ?? null;
  }
  await store.renewed(key, held, withTokens(held.state, tokens, nowMs()));
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

async function waitForOther(parts: TokenServiceParts, wanted: Wanted, held: Connection): Promise<string | null> {
  for (const endMs = parts.nowMs() + WAIT_MS; parts.nowMs() < endMs;) {
    const connection = await readFor(parts, wanted);
    if (connection === null) return null;
    if (connection.version !== held.version) return connection.state.tokens.access_token;
    if (!connection.renewing) break;
    await parts.sleep(LOOK_AGAIN_MS);
  }
  return lastResort(held.state, wanted, parts.nowMs());
}
