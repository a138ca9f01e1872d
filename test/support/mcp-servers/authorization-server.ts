// A small authorization server for tests: discovery, registration, PKCE, rotating refresh tokens. It agrees to everything.

export type AuthorizationServer = {
  /** Null for a request that is none of its own. */
  handle(request: Request): Promise<Response | null>;
  /** A token that it gave, and that has not been taken back. */
  accepts(authorization: string | null): boolean;
  /** Takes all access tokens back; refresh tokens hold. */
  expireAll(): void;
  /** Takes everything back. */
  revokeAll(): void;
  /** How often tokens were asked for, by grant. */
  grants: string[];
  challenge(): string;
};

type Code = { clientId: string; redirectUri: string; challenge: string; resource: string | null };

export function createAuthorizationServer(
  origin: string,
  { resource, expiresIn = 3600 }: { resource: string; expiresIn?: number },
): AuthorizationServer {
  const clients = new Map<string, string[]>();
  const codes = new Map<string, Code>();
  const access = new Set<string>();
  const refresh = new Map<string, string>();
  const grants: string[] = [];
  const metadataUrl = `${origin}/.well-known/oauth-protected-resource`;

  const issue = (clientId: string): Response => {
    const [access_token, refresh_token] = [`at-${crypto.randomUUID()}`, `rt-${crypto.randomUUID()}`];
    access.add(access_token);
    refresh.set(refresh_token, clientId);
    return Response.json({ access_token, refresh_token, token_type: "Bearer", expires_in: expiresIn });
  };
  const refuse = (error: string): Response => Response.json({ error }, { status: 400 });

  async function token(request: Request): Promise<Response> {
    const form = new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()));
    const grant = form.get("grant_type") ?? "";
    grants.push(grant);
    const clientId = form.get("client_id") ?? "";
    if (form.get("resource") !== resource) return refuse("invalid_target");
    if (grant === "refresh_token") {
      const used = form.get("refresh_token") ?? "";
      if (refresh.get(used) !== clientId) return refuse("invalid_grant");
      refresh.delete(used);
      return issue(clientId);
    }
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const isProven = code !== undefined && code.challenge === (await s256(form.get("code_verifier") ?? ""));
    const isMeant = code?.clientId === clientId && code.redirectUri === form.get("redirect_uri");
    return isProven && isMeant ? issue(clientId) : refuse("invalid_grant");
  }

  async function register(request: Request): Promise<Response> {
    const metadata = (await request.json()) as { redirect_uris: string[] };
    const client_id = crypto.randomUUID();
    clients.set(client_id, metadata.redirect_uris);
    return Response.json({ ...metadata, client_id }, { status: 201 });
  }

  function authorize(url: URL): Response {
    const query = url.searchParams;
    const [clientId, redirectUri] = [query.get("client_id") ?? "", query.get("redirect_uri") ?? ""];
    if (clients.get(clientId)?.includes(redirectUri) !== true) return refuse("invalid_request");
    const code = crypto.randomUUID();
    const challenge = query.get("code_challenge") ?? "";
    codes.set(code, { clientId, redirectUri, challenge, resource: query.get("resource") });
    const back = new URL(redirectUri);
    back.searchParams.set("code", code);
    back.searchParams.set("state", query.get("state") ?? "");
    back.searchParams.set("iss", origin);
    return new Response(null, { status: 302, headers: { location: back.href } });
  }

  return {
    grants,
    async handle(request) {
      const url = new URL(request.url);
      if (url.pathname.startsWith("/.well-known/oauth-protected-resource")) {
        return Response.json({ resource, authorization_servers: [origin], scopes_supported: ["tools"] });
      }
      if (url.pathname === "/.well-known/oauth-authorization-server") {
        return Response.json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          response_types_supported: ["code"],
          grant_types_supported: ["authorization_code", "refresh_token"],
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: ["none"],
          authorization_response_iss_parameter_supported: true,
        });
      }
      if (url.pathname === "/register") return register(request);
      if (url.pathname === "/authorize") return authorize(url);
      return url.pathname === "/token" ? token(request) : null;
    },
    accepts: (authorization) => access.has(/^Bearer (.+)$/.exec(authorization ?? "")?.[1] ?? ""),
    expireAll: () => access.clear(),
    revokeAll() {
      access.clear();
      refresh.clear();
    },
    challenge: () => `Bearer resource_metadata="${metadataUrl}"`,
  };
}

async function s256(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return btoa(String.fromCharCode(...new Uint8Array(hash)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
