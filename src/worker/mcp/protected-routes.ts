// Routes a request whose access token holds: the MCP endpoint itself, and for programs whole events and live watching.
import { insufficientScope, type OAuthResourceAuth } from "@cloudflare/workers-oauth-provider";
import { AppError, failure } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { ANSWERING_SCOPE, type Principal, type Scope } from "../../shared/teams/principal.ts";
import { matchUsageExport, sendUsageExport } from "../accounting/usage-export-route.ts";
import type { UsageService } from "../accounting/usage-service.ts";
import type { ArchiveService } from "../archive/archive-service.ts";
import { matchExport, sendExport } from "../archive/export-route.ts";
import type { CheckpointServices } from "../checkpoints/compose-checkpoints.ts";
import { matchCheckpointExport, sendCheckpointExport } from "../checkpoints/exporting/export-routes.ts";
import type { FetchHandler } from "../http/entry.ts";
import { explainError, jsonError } from "../http/json-error.ts";
import type { EventBodies } from "../sessions/event-bodies.ts";
import { matchEventBody, sendEventBody } from "../sessions/event-body-route.ts";
import type { SessionService } from "../sessions/session-service.ts";
import { matchWatch, sendWatch } from "../sessions/watch-route.ts";
import type { WatchService } from "../sessions/watch-service.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { McpEndpoint, TokenFacts } from "./mcp-endpoint.ts";

export type ProtectedOptions = {
  mcp: McpEndpoint;
  readPrincipal: (userId: string) => Promise<Principal | null>;
  sessions: SessionService;
  watching: WatchService;
  archive: ArchiveService;
  checkpoints: CheckpointServices;
  usage: UsageService;
  bodies: EventBodies;
  logger: Logger;
};

/** What the OAuth provider puts on the context of a request whose token holds. */
type TokenContext = { props?: unknown; auth?: OAuthResourceAuth };

export function createProtectedRoutes(options: ProtectedOptions): FetchHandler {
  return {
    async fetch(request, _env, context) {
      try {
        return await route(options, request, readToken(context));
      } catch (error) {
        return jsonError(explainError(error, options.logger, "protected"));
      }
    },
  };
}

async function route(options: ProtectedOptions, request: Request, token: TokenFacts): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/mcp" || pathname === "/mcp/") return options.mcp(request, token);
  const reader = { ...token, scope: token.scopes };
  const watch = matchWatch(request.method, pathname);
  if (watch !== null) {
    const target = { ...watch, mayAnswer: token.scopes.includes(ANSWERING_SCOPE) };
    return asReader(options, reader, (principal) => sendWatch(options.watching, principal, target, request));
  }
  const body = matchEventBody(request.method, pathname);
  if (body !== null) return asReader(options, reader, (principal) => sendEventBody(options, principal, body));
  const exported = matchExport(request.method, pathname);
  if (exported !== null)
    return asReader(options, reader, (principal) => sendExport(options.archive, principal, exported, request));
  const checkpoint = matchCheckpointExport(request.method, pathname);
  if (checkpoint !== null) {
    const send = (principal: Principal) => sendCheckpointExport(options.checkpoints.exporting, principal, checkpoint);
    return asReader(options, reader, send, "projects:read");
  }
  if (matchUsageExport(request.method, pathname)) {
    return asReader(options, reader, async (principal) => sendUsageExport(options.usage, principal, request));
  }
  return jsonError(failure("not_found", "There is nothing at this address.").error);
}

/** For whoever may read such things, as the person that they are now. */
async function asReader(
  options: ProtectedOptions,
  token: TokenFacts & OAuthResourceAuth,
  send: (principal: Principal) => Promise<Response>,
  scope: Scope = "sessions:read",
): Promise<Response> {
  if (!token.scopes.includes(scope)) return insufficientScope(token, [scope, ...token.scopes]);
  const principal = await options.readPrincipal(token.userId);
  if (principal === null) throw new AppError("insufficient_scope", "You are not a member of a team any more.");
  return send(principal);
}

/** The token's props hold the opaque user id alone. */
function readToken({ props, auth }: TokenContext): TokenFacts {
  const userId = uuidSchema.safeParse((props as { userId?: unknown } | undefined)?.userId);
  if (auth === undefined || !userId.success) throw new AppError("unauthenticated", "Sign in again.");
  const { token, audience, scope, clientId = "" } = auth;
  return { userId: userId.data, clientId, scopes: scope, audience, token };
}
