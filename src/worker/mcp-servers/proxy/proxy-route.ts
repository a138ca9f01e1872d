// /mcp-proxy/<session>/<server>: the way from a sandbox to a remote MCP server. The run token opens it for one session and
// runtime; address, headers and secrets are added here, and everything goes through the guard.
import { AppError, unwrap } from "../../../shared/errors/app-error.ts";
import { judgeOutgoing } from "../../../shared/mcp-servers/message-policy.ts";
import { isRemote, type RemoteServer, serverNameSchema } from "../../../shared/mcp-servers/server-schema.ts";
import type { ServerProblem } from "../../../shared/mcp-servers/server-test.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import type { SessionApi } from "../../../shared/rpc/session-api.ts";
import { readRunTokenClaims } from "../../../shared/tokens/run-token.ts";
import { explainError, jsonError } from "../../http/json-error.ts";
import { readBody } from "../../http/read-body.ts";
import type { GuardedFetch } from "../../outbound/guarded-fetch.ts";
import type { Sealer } from "../../secrets/sealer.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { TokenService } from "../connections/token-service.ts";
import type { OpenServer, ServerOpener } from "../open-server.ts";
import { PROXY_LIMITS, STREAM_LIMITS } from "../outbound-limits.ts";
import type { FindServer } from "../server-finder.ts";
import type { ServerKey } from "../server-key.ts";
import { type AnswerFilter, filterJson, filterStream } from "./answer-filter.ts";
import type { HealthNotes } from "./health-notes.ts";
import { answerHeaders, requestHeaders } from "./proxy-headers.ts";

export type ProxyParts = {
  verifyToken: (token: string) => Promise<unknown>;
  session: (sessionId: string) => Pick<SessionApi, "admitServerRequest">;
  find: FindServer;
  open: ServerOpener;
  tokenAfter: TokenService["tokenAfter"];
  guarded: GuardedFetch;
  sealer: Sealer;
  health: HealthNotes;
  nowMs: () => number;
  logger: Logger;
};

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const METHODS = ["GET", "POST", "DELETE"];

export function createProxyRoute(parts: ProxyParts): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await pass(parts, request);
    } catch (error) {
      return jsonError(explainError(error, parts.logger, "mcp_proxy"));
    }
  };
}

/** One request on its way. */
type Passing = {
  request: Request;
  sessionId: string;
  key: ServerKey;
  server: RemoteServer;
  ready: OpenServer;
  url: string;
  body: string | null;
};

async function pass(parts: ProxyParts, request: Request): Promise<Response> {
  const { sessionId, name, endpoint } = readTarget(request);
  const { key, server } = await admit(parts, request, { sessionId, name });
  const outgoing = await readOutgoing(request, server, name);
  if (outgoing.refusal !== null) return outgoing.refusal;
  try {
    const ready = await parts.open(key, server);
    const url = endpoint === null ? ready.url : await openEndpoint(parts, { sessionId, name, server, endpoint });
    const passing = { request, sessionId, key, server, ready, url, body: outgoing.body };
    return await relay(parts, passing, await ask(parts, passing));
  } catch (error) {
    if (error instanceof AppError) parts.health.failed(key, problemOf(error));
    throw error;
  }
}

function readTarget(request: Request): { sessionId: string; name: string; endpoint: string | null } {
  const url = new URL(request.url);
  const [, , sessionId = "", name = "", ...more] = url.pathname.split("/");
  const isTarget = uuidSchema.safeParse(sessionId).success && serverNameSchema.safeParse(name).success;
  if (!isTarget || more.length > 0 || !METHODS.includes(request.method)) {
    throw new AppError("not_found", "There is nothing at this address.");
  }
  return { sessionId, name, endpoint: url.searchParams.get("endpoint") };
}

async function admit(
  parts: ProxyParts,
  request: Request,
  { sessionId, name }: { sessionId: string; name: string },
): Promise<{ key: ServerKey; server: RemoteServer }> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const read = readRunTokenClaims(await parts.verifyToken(token), "mcp", parts.nowMs());
  if (!read.ok || read.claims.session_id !== sessionId) {
    throw new AppError("run_token_refused", "The run token is missing, not valid or expired. Ask for a fresh one.");
  }
  const { team_id, runtime_id } = read.claims;
  const { owner_id, project_id } = unwrap(await parts.session(sessionId).admitServerRequest({ team_id, runtime_id }));
  const found = await parts.find({ team_id, owner_id, project_id, session_id: sessionId }, name);
  if (found === null || !found.server.enabled || !isRemote(found.server)) {
    throw new AppError("mcp_server_not_found", "This session has no such MCP server any more.");
  }
  return { key: { team_id, user_id: owner_id, place: found.place, name }, server: found.server };
}

async function readOutgoing(
  request: Request,
  server: RemoteServer,
  name: string,
): Promise<{ refusal: Response | null; body: string | null }> {
  if (request.method !== "POST") return { refusal: null, body: null };
  const text = new TextDecoder().decode(await readBody(request, MAX_REQUEST_BYTES));
  const verdict = judgeOutgoing(parseJson(text), server, { name, header: request.headers.get("mcp-name") });
  if (verdict.pass) return { refusal: null, body: JSON.stringify(verdict.message) };
  // An SSE server's answers come on its stream: there a refusal is one of the request itself.
  const status = server.type === "sse" ? 403 : 200;
  return { refusal: Response.json(verdict.answer, { status, headers: { "cache-control": "no-store" } }), body: null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function ask(parts: ProxyParts, passing: Passing): Promise<Response> {
  const answer = await send(parts, passing, passing.ready.headers);
  const bearer = /^Bearer (.+)$/.exec(passing.ready.headers["Authorization"] ?? "")?.[1];
  if (answer.status !== 401 || bearer === undefined) return answer;
  const fresh = await parts.tokenAfter(passing.key, passing.server.url, bearer);
  if (fresh === null) return answer;
  void answer.body?.cancel().catch(() => null);
  passing.ready.hidden.push(fresh);
  return send(parts, passing, { ...passing.ready.headers, Authorization: `Bearer ${fresh}` });
}

function send(parts: ProxyParts, { request, url, body }: Passing, own: Record<string, string>): Promise<Response> {
  return parts.guarded({
    url,
    method: request.method,
    headers: requestHeaders(request.headers, own, body !== null),
    body,
    signal: request.signal,
    limits: request.method === "GET" ? STREAM_LIMITS : PROXY_LIMITS,
  });
}

async function relay(parts: ProxyParts, passing: Passing, answer: Response): Promise<Response> {
  if (!answer.ok) return refuse(parts, passing, answer);
  const filter = toFilter(parts, passing);
  const headers = answerHeaders(answer.headers);
  const type = (answer.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  parts.health.ok(passing.key, null);
  // Accepted, and nothing to say: whatever type it says it has.
  if (answer.status === 202) {
    void answer.body?.cancel().catch(() => null);
    return new Response(null, { status: 202, headers });
  }
  if (answer.body !== null && type === "text/event-stream") {
    headers.set("content-type", "text/event-stream");
    return new Response(filterStream(answer.body, filter), { status: answer.status, headers });
  }
  if (answer.body !== null && type === "application/json") {
    headers.set("content-type", "application/json");
    return new Response(await filterJson(answer, filter), { status: answer.status, headers });
  }
  // Nothing else is MCP: it is read by nobody.
  void answer.body?.cancel().catch(() => null);
  return new Response(null, { status: answer.status, headers });
}

/** Statuses that Claude Code acts upon by itself. */
const SPOKEN = new Set([400, 404, 405, 409, 429, 503]);

function refuse(parts: ProxyParts, { key, request }: Passing, answer: Response): Response {
  void answer.body?.cancel().catch(() => null);
  const { status } = answer;
  if (status === 401 || status === 403) {
    parts.health.failed(key, "needs_sign_in");
    const message = "This MCP server wants a person to sign in to it. mcp_get shows the link to do so.";
    throw new AppError("mcp_server_needs_sign_in", message);
  }
  // A server may not offer a stream, or may have forgotten a session: both are ordinary.
  if (status >= 500 || (request.method === "POST" && status !== 404)) parts.health.failed(key, "refused");
  if (SPOKEN.has(status)) return new Response(null, { status, headers: { "cache-control": "no-store" } });
  throw new AppError("mcp_server_failed", `The MCP server answered with status ${status}.`);
}

function toFilter(parts: ProxyParts, { sessionId, key, server, ready, url }: Passing): AnswerFilter {
  const context = endpointContext(sessionId, key.name, server);
  return {
    allowed_tools: server.allowed_tools,
    hidden: ready.hidden,
    onTools: (count) => parts.health.ok(key, count),
    async endpoint(data) {
      const target = URL.canParse(data, url) ? new URL(data, url) : null;
      if (target === null || target.origin !== new URL(url).origin) {
        throw new AppError("mcp_server_failed", "The MCP server wants its messages at another server's address.");
      }
      // Its path may hold a secret of the definition, so that the sandbox gets it sealed.
      return `?endpoint=${await parts.sealer.seal(target.href, context)}`;
    },
  };
}

/** Of this definition alone: another one of the name has other secrets, which are not for the address of this one. */
function endpointContext(sessionId: string, name: string, { type, url }: RemoteServer): string[] {
  return ["endpoint", sessionId, name, type, url];
}

async function openEndpoint(
  { sealer }: ProxyParts,
  { sessionId, name, server, endpoint }: { sessionId: string; name: string; server: RemoteServer; endpoint: string },
): Promise<string> {
  const url = await sealer.open(endpoint, endpointContext(sessionId, name, server));
  if (url === null) throw new AppError("not_found", "There is nothing at this address.");
  return url;
}

function problemOf({ code }: AppError): ServerProblem {
  if (code === "address_refused") return "address_refused";
  if (code === "secret_not_found") return "secret_missing";
  if (code === "mcp_server_needs_sign_in") return "needs_sign_in";
  return code === "address_unreachable" ? "unreachable" : "refused";
}
