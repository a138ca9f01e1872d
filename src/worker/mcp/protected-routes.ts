// Routes a request whose access token holds: the MCP endpoint itself, and for programs whole events and live watching.
import { insufficientScope, type OAuthResourceAuth } from "@cloudflare/workers-oauth-provider";
import { AppError, failure } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { ANSWERING_SCOPE, type Principal, type Scope } from "../../shared/teams/principal.ts";
import { matchUsageExport, sendUsageExport } from "../accounting/usage-export-route.ts";
import type { UsageService } from "../accounting/usage-service.ts";
import type { AuditRecorder } from "../audit/audit-recorder.ts";
import { matchAuditExport, sendAuditExport } from "../audit/audit-export-route.ts";
import type { AuditService } from "../audit/audit-service.ts";
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
  audit: AuditService;
  recorder: AuditRecorder;
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
  const download = findDownload(options, request, pathname);
  if (download !== null) return asReader(options, reader, recorded(options, token, download), download.scope);
  return jsonError(failure("not_found", "There is nothing at this address.").error);
}

/** A file that leaves the team: its way out is in the audit log. */
type Download = {
  /** What it is of. */
  target: { target_kind: string; target_id: string | null };
  scope?: Scope;
  send: (principal: Principal) => Promise<Response> | Response;
};

function findDownload(options: ProtectedOptions, request: Request, pathname: string): Download | null {
  const session = matchExport(request.method, pathname);
  if (session !== null) {
    const target = { target_kind: "session", target_id: session };
    return { target, send: (principal) => sendExport(options.archive, principal, session, request) };
  }
  const checkpoint = matchCheckpointExport(request.method, pathname);
  if (checkpoint !== null) {
    const target = { target_kind: "checkpoint", target_id: checkpoint.checkpoint_id };
    const send = (principal: Principal) => sendCheckpointExport(options.checkpoints.exporting, principal, checkpoint);
    return { target, scope: "projects:read", send };
  }
  if (matchUsageExport(request.method, pathname)) {
    const target = { target_kind: "usage", target_id: null };
    return { target, send: (principal) => sendUsageExport(options.usage, principal, request) };
  }
  if (!matchAuditExport(request.method, pathname)) return null;
  const target = { target_kind: "audit_log", target_id: null };
  return { target, send: (principal) => sendAuditExport(options.audit, principal, request) };
}

function recorded({ recorder }: ProtectedOptions, { clientId }: TokenFacts, { target, send }: Download) {
  return (principal: Principal): Promise<Response> => {
    const event = { action: "export.download", ...target, decided_by: principal.role, details: {} };
    return recorder.around({ ...principal, client_id: clientId }, event, async () => send(principal));
  };
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
