// A run token for one of the session's own routes: asked of the object when it is needed, kept in memory alone.
import { RUN_TOKEN_RENEW_SECONDS } from "../../shared/limits.ts";
import { type RunTokenGrant, runTokenGrantSchema } from "../../shared/rpc/session-host-api.ts";
import { type HostLink, withDeadline } from "../rpc/host-link.ts";

const CALL_DEADLINE_MS = 15_000;

export type RouteToken = {
  /** Null when nobody gives one in time. */
  get(): Promise<string | null>;
  /** The edge did not take it. */
  refused(token: string): void;
  /** For striking them out of what is shown. */
  secrets(): readonly string[];
};

export function createRouteToken(
  { link, runtimeId }: { link: HostLink; runtimeId: string },
  route: "mcp" | "hooks",
): RouteToken {
  let grant: RunTokenGrant | null = null;
  let asking: Promise<RunTokenGrant | null> | null = null;
  const isFresh = (): boolean => grant !== null && grant.expires_at - Date.now() / 1000 > RUN_TOKEN_RENEW_SECONDS;
  async function ask(): Promise<RunTokenGrant | null> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), CALL_DEADLINE_MS);
    try {
      const connection = await link.whenConnected(stop.signal);
      if (connection === null) return null;
      const call = connection.host.renewRunToken({ runtime_id: runtimeId, route });
      return runTokenGrantSchema.parse(await withDeadline(call, CALL_DEADLINE_MS));
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
  return {
    async get() {
      if (isFresh()) return grant?.token ?? null;
      asking ??= ask().finally(() => (asking = null));
      grant = (await asking) ?? grant;
      return grant?.token ?? null;
    },
    refused(token) {
      if (grant?.token === token) grant = null;
    },
    secrets: () => (grant === null ? [] : [grant.token]),
  };
}
