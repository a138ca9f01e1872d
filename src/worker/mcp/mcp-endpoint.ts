// Everything below /mcp, for a request whose access token already holds: reads it once, repairs it, hands it to the SDK.
import type { AuthInfo } from "@modelcontextprotocol/server";
import { AppError } from "../../shared/errors/app-error.ts";
import { ERROR_MAP } from "../../shared/errors/error-maps.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { explainError } from "../http/json-error.ts";
import { readBody } from "../http/read-body.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Exposure } from "./exposure.ts";
import { repairHeaders } from "./header-repair-policy.ts";
import type { RequestFacts } from "./mcp-server.ts";
import { explainRefusal } from "./refusal-policy.ts";
import { isRpcBody, readRpcFacts, readRpcId, RPC_ERRORS, rpcError } from "./rpc-message.ts";
import { readToolsets, type Toolset, TOOLSETS } from "./toolsets.ts";

/** A prompt is at most 256 KB; the rest is room for escapes and neighbours. */
const MAX_MCP_REQUEST_BYTES = 4 * 1024 * 1024;

/** What the OAuth provider found in the access token. */
export type TokenFacts = { userId: string; clientId: string; scopes: string[]; audience: string; token: string };

type McpHandlerPort = {
  fetch(request: Request, options: { authInfo: AuthInfo; parsedBody?: unknown }): Promise<Response>;
};

export type McpEndpointOptions = {
  handler: McpHandlerPort;
  /** Answers as a stream from the beginning: for calls that wait. */
  streamHandler: McpHandlerPort;
  expose: (toolsets: readonly Toolset[]) => Exposure;
  readPrincipal: (userId: string) => Promise<Principal | null>;
  repairsHeaders: boolean;
  logger: Logger;
};

export type McpEndpoint = (request: Request, token: TokenFacts) => Promise<Response>;

export function createMcpEndpoint(options: McpEndpointOptions): McpEndpoint {
  return async (request, token) => {
    try {
      return await answer(options, request, token);
    } catch (error) {
      const failure = explainError(error, options.logger, "mcp");
      return rpcError(ERROR_MAP[failure.code].http, RPC_ERRORS.refused, failure.message);
    }
  };
}

async function answer(options: McpEndpointOptions, request: Request, token: TokenFacts): Promise<Response> {
  const url = new URL(request.url);
  const exposure = options.expose(readToolsets(url.searchParams.get("toolsets")));
  if (request.method !== "POST") return rpcError(405, RPC_ERRORS.refused, "Send MCP messages by POST.");
  const body = await readJson(request);
  if (body === undefined) return rpcError(400, RPC_ERRORS.parse, "The request's body is not valid JSON.");
  if (!isRpcBody(body))
    return rpcError(400, RPC_ERRORS.invalidRequest, "The request's body is no JSON-RPC 2.0 message.");
  const refusal = refuse(options, body, exposure);
  if (refusal !== null) return rpcError(200, RPC_ERRORS.invalidParams, refusal, readRpcId(body));
  const { touchesData, ...asked } = readRpcFacts(body);
  const principal = touchesData ? await requirePrincipal(options, token.userId) : null;
  const traceparent = request.headers.get("traceparent");
  const facts: RequestFacts = { exposure, principal, traceparent, ...asked };
  const repaired = repair(options, request, url, body);
  // The headers of an answer that is waited for go out at once: nobody on the way takes the call for dead.
  const handler = asked.calledTools.some((name) => canWait(exposure, name)) ? options.streamHandler : options.handler;
  return handler.fetch(repaired, { authInfo: authInfo(token, facts), parsedBody: body });
}

function canWait(exposure: Exposure, name: string): boolean {
  return exposure.tools.get(name)?.input.shape["wait_seconds"] !== undefined;
}

function refuse(options: McpEndpointOptions, body: unknown, exposure: Exposure): string | null {
  const all = options.expose(TOOLSETS);
  for (const message of Array.isArray(body) ? body : [body]) {
    const refusal = explainRefusal(message, exposure, all);
    if (refusal !== null) return refusal;
  }
  return null;
}

async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBody(request, MAX_MCP_REQUEST_BYTES);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A member who left has no team to act for: their tokens open nothing from then on. */
async function requirePrincipal(options: McpEndpointOptions, userId: string): Promise<Principal> {
  const principal = await options.readPrincipal(userId);
  if (principal !== null) return principal;
  throw new AppError("insufficient_scope", "You are not a member of a team any more. Ask its owner to add you again.");
}

function repair(options: McpEndpointOptions, request: Request, url: URL, body: unknown): Request {
  const { repairs, headers } = options.repairsHeaders
    ? repairHeaders({ pathname: url.pathname, headers: request.headers, body })
    : { repairs: [], headers: request.headers };
  if (repairs.length === 0) return request;
  options.logger.log("info", "mcp_request_repaired", { repairs });
  if (repairs.includes("path_slash")) url.pathname = "/mcp";
  return new Request(url, { method: request.method, headers, signal: request.signal });
}

function authInfo(token: TokenFacts, facts: RequestFacts): AuthInfo {
  const { clientId, scopes, audience } = token;
  return { token: token.token, clientId, scopes, resource: new URL(audience), extra: { facts } };
}
