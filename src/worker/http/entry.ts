// The first look at every request: a browser's page from a foreign origin gets no further, and no crash gets out.
import { failure } from "../../shared/errors/app-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import { explainError, jsonError } from "./json-error.ts";
import { isOriginAllowed } from "./origin-policy.ts";

export type FetchHandler = { fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> };

export type EntryOptions = { provider: FetchHandler; publicUrl: string; logger: Logger };

export function createEntry({ provider, publicUrl, logger }: EntryOptions): FetchHandler {
  const isLocal = new URL(publicUrl).protocol === "http:";
  return {
    async fetch(request, env, context) {
      const origin = request.headers.get("origin");
      const isAllowed = isOriginAllowed(origin, { publicUrl, allowLoopback: isLocal });
      if (!isAllowed && isMcp(request.url)) {
        logger.log("warn", "origin_refused");
        return jsonError(failure("origin_not_allowed", "Pages of this origin may not call this server.").error);
      }
      try {
        return await provider.fetch(request, env, context);
      } catch (error) {
        return jsonError(explainError(error, logger, "entry"));
      }
    },
  };
}

function isMcp(url: string): boolean {
  const { pathname } = new URL(url);
  return pathname === "/mcp" || pathname.startsWith("/mcp/");
}
