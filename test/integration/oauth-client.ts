// An OAuth client for tests: registers, shows a person's browser the consent page, and gets tokens.
import { exports } from "cloudflare:workers";

export const BASE = "http://localhost:8787";
export const REDIRECT_URI = "http://127.0.0.1:45111/callback";
export const SIGN_IN_CODE = "TEST-CODE-0000";
export const ALL_SCOPES = "sessions:read sessions:write projects:read projects:write";

export function send(path: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(`${BASE}${path}`, { redirect: "manual", ...init });
  // Every HTTP client sends it; a request made in the isolate has to be told.
  request.headers.set("host", new URL(BASE).host);
  return exports.default.fetch(request);
}

export type Tokens = { access_token: string; refresh_token: string; scope: string };
export type Consent = { page: string; cookie: string; handle: string; response: Response };

export async function register(): Promise<string> {
  const response = await send("/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Test <client>",
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    }),
  });
  const { client_id } = await response.json<{ client_id: string }>();
  return client_id;
}

const VERIFIER = "a-code-verifier-that-is-long-enough-for-pkce-0123456789";

async function challenge(): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER));
  const binary = String.fromCharCode(...new Uint8Array(hash));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export async function openConsent(
  clientId: string,
  options: { scope?: string; resource?: string } = {},
): Promise<Consent> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    state: "state-1",
    scope: options.scope ?? ALL_SCOPES,
    resource: options.resource ?? `${BASE}/mcp`,
    code_challenge: await challenge(),
    code_challenge_method: "S256",
  });
  return readConsent(await send(`/authorize?${query.toString()}`));
}

export async function readConsent(response: Response): Promise<Consent> {
  const page = await response.text();
  const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const handle = /name="handle" value="([^"]+)"/.exec(page)?.[1] ?? "";
  return { page, cookie, handle, response };
}

export type ConsentAnswer = { decision?: "approve" | "deny"; code?: string; scopes?: string[]; cookie?: string };

export function answerConsent(consent: Consent, answer: ConsentAnswer = {}): Promise<Response> {
  const form = new URLSearchParams({
    handle: consent.handle,
    decision: answer.decision ?? "approve",
    code: answer.code ?? SIGN_IN_CODE,
  });
  for (const scope of answer.scopes ?? ALL_SCOPES.split(" ")) form.append("scope", scope);
  return send("/authorize", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: answer.cookie ?? consent.cookie },
    body: form.toString(),
  });
}

export function codeOf(response: Response): string {
  return new URL(response.headers.get("location") ?? "http://none").searchParams.get("code") ?? "";
}

export function requestToken(fields: Record<string, string>): Promise<Response> {
  return send("/token", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });
}

export function exchangeCode(clientId: string, code: string): Promise<Response> {
  return requestToken({
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    resource: `${BASE}/mcp`,
  });
}

/** The whole way, from registration to tokens. */
export async function signIn(scopes: string[] = ALL_SCOPES.split(" ")): Promise<Tokens & { client_id: string }> {
  const client_id = await register();
  const consent = await openConsent(client_id);
  const response = await exchangeCode(client_id, codeOf(await answerConsent(consent, { scopes })));
  return { ...(await response.json<Tokens>()), client_id };
}

export type RpcAnswer = {
  result?: Record<string, unknown> & { tools?: { name: string }[]; isError?: boolean; content?: { text: string }[] };
  error?: { code: number; message: string };
};

export type RpcOptions = { headers?: Record<string, string>; query?: string; meta?: Record<string, unknown> };

/** One message of the 2026 era. */
export function callModern(
  token: string,
  method: string,
  params: Record<string, unknown> = {},
  options: RpcOptions = {},
): Promise<Response> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    ...options.meta,
  };
  const name = params["name"] ?? params["uri"];
  return send(`/mcp${options.query ?? ""}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${token}`,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
      ...options.headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
}

/** One message of the 2025 era. */
export function callLegacy(
  token: string,
  method: string,
  params: Record<string, unknown> = {},
  options: RpcOptions = {},
): Promise<Response> {
  return send(`/mcp${options.query ?? ""}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${token}`,
      "mcp-protocol-version": "2025-11-25",
      ...options.headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
}

/** The last message of an answer, whether it came as JSON or as a stream of events. */
export async function readRpc(response: Response): Promise<RpcAnswer> {
  const messages = await readMessages(response);
  return messages.at(-1) ?? {};
}

export async function readMessages(response: Response): Promise<unknown[]> {
  const text = await response.text();
  if (!(response.headers.get("content-type") ?? "").includes("event-stream")) return [JSON.parse(text)];
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)) as unknown);
}

/** The structure of a tool's result; an empty one when it has none. */
export function structuredOf(answer: RpcAnswer): unknown {
  return answer.result?.["structuredContent"] ?? {};
}
