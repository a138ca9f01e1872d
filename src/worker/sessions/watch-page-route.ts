// GET /watch/:id?ticket=…: for browsers, which have no access token. The page first; its stream uses the ticket up.
import type { Logger } from "../telemetry/logger.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { explainError, jsonError } from "../http/json-error.ts";
import { renderWatchPage } from "./watch-page.ts";
import { asStream, requireCursor } from "./watch-route.ts";
import type { WatchService } from "./watch-service.ts";

export type WatchPageOptions = { watching: WatchService; newNonce: () => string; logger: Logger };

export function createWatchPageRoute(options: WatchPageOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await answer(options, request);
    } catch (error) {
      return jsonError(explainError(error, options.logger, "watch"));
    }
  };
}

async function answer({ watching, newNonce }: WatchPageOptions, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const sessionId = url.pathname.split("/").at(-1) ?? "";
  if (!uuidSchema.safeParse(sessionId).success) throw new AppError("not_found", "There is nothing at this address.");
  // Programs that look at links before people do ask for a page, and use nothing up.
  if (request.headers.get("accept")?.includes("text/html") === true) return sendPage(newNonce());
  const afterCursor = requireCursor(request);
  const principal = await watching.redeem(sessionId, url.searchParams.get("ticket"));
  return asStream(await watching.open(principal, { sessionId, kind: "stream", afterCursor, mayAnswer: false }));
}

function sendPage(nonce: string): Response {
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-store",
  };
  return new Response(renderWatchPage(nonce), { headers });
}
