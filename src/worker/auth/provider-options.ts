// How the OAuth provider is set up: one resource (the MCP endpoint), PKCE, both kinds of client registration, refresh.
import type { OAuthProviderOptions } from "@cloudflare/workers-oauth-provider";
import { ANSWERING_SCOPE, SCOPES } from "../../shared/teams/principal.ts";
import type { Logger } from "../telemetry/logger.ts";
import { GRANTABLE_SCOPES } from "./scope-words.ts";

const OAUTH_PATHS = { authorize: "/authorize", token: "/token", register: "/register" } as const;

type FetchHandler = { fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> };

export function providerOptions(options: {
  publicUrl: string;
  resourceUrl: string;
  clientIdMetadata: boolean;
  apiHandler: FetchHandler;
  defaultHandler: FetchHandler;
  logger: Logger;
}): OAuthProviderOptions<Env> {
  return {
    apiRoute: "/mcp",
    apiHandler: options.apiHandler,
    defaultHandler: options.defaultHandler,
    authorizeEndpoint: OAUTH_PATHS.authorize,
    tokenEndpoint: OAUTH_PATHS.token,
    clientRegistrationEndpoint: OAUTH_PATHS.register,
    clientIdMetadataDocumentEnabled: options.clientIdMetadata,
    scopesSupported: [...GRANTABLE_SCOPES],
    requiredScopes: SCOPES.filter((scope) => scope !== ANSWERING_SCOPE),
    resourceMetadata: {
      resource: options.resourceUrl,
      authorization_servers: [options.publicUrl],
      resource_name: "Berth",
    },
    accessTokenTTL: 60 * 60,
    refreshTokenTTL: 30 * 24 * 60 * 60,
    refreshTokenIdleTTL: 30 * 24 * 60 * 60,
    // The reason is the provider's own slug; its description can quote the client and stays out of the log.
    onError: ({ code, status, internal }) => {
      options.logger.log("info", "oauth_refused", {
        code,
        status,
        category: internal.category,
        reason: internal.reason,
      });
    },
  };
}
