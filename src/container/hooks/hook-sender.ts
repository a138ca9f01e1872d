// Sends HTTP hooks: never from the sandbox, always by the edge, which alone reaches addresses that people entered.
import { hookResponseSchema } from "../../shared/hooks/hook-request.ts";
import { EDGE_PATHS } from "../../shared/rpc/protocol.ts";
import type { HostLink } from "../rpc/host-link.ts";
import { createRouteToken } from "../tokens/route-token.ts";
import type { SendHook } from "./run-http-hook.ts";

export type HookSender = {
  send: SendHook;
  /** Tokens that were handed out, for striking them out of what is shown. */
  secrets(): readonly string[];
};

export function createHookSender(parts: { edgeUrl: string; link: HostLink; runtimeId: string }): HookSender {
  const token = createRouteToken(parts, "hooks");
  async function post(request: Parameters<SendHook>[0], signal: AbortSignal): Promise<Response> {
    const own = (await token.get()) ?? "";
    const headers = { authorization: `Bearer ${own}`, "content-type": "application/json" };
    const url = `${parts.edgeUrl}${EDGE_PATHS.hooks}`;
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(request), signal });
    if (response.status === 401) token.refused(own);
    return response;
  }
  return {
    secrets: token.secrets,
    async send(request, signal) {
      const first = await post(request, signal);
      // The token may have ended a moment before it was shown.
      const response = first.status === 401 ? await post(request, signal) : first;
      if (!response.ok) throw new Error(`the edge answered ${response.status}`);
      return hookResponseSchema.parse(await response.json());
    },
  };
}
