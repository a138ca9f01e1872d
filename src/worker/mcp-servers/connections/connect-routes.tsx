// GET and POST /mcp-servers/<scope>/<scope_id>/<server>, GET /mcp-servers/callback: a person signs in at an MCP server, from their own browser.
import type { Place } from "../../../shared/configuration/place.ts";
import { AppError, toFailure } from "../../../shared/errors/app-error.ts";
import { isRemote, type RemoteServer } from "../../../shared/mcp-servers/server-schema.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import { type AuditRecorder, BROWSER } from "../../audit/audit-recorder.ts";
import type { BrowserSessions, SignedIn } from "../../auth/browser-session.ts";
import { MessagePage, pageResponse } from "../../auth/page.tsx";
import { signInFirst } from "../../auth/sign-in-route.tsx";
import { explainError } from "../../http/json-error.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { namesOfSecrets } from "../open-server.ts";
import { keyOf, noServer } from "../server-key.ts";
import type { ServerService } from "../server-service.ts";
import { type MayUse, PLACE_WORDS, readOwnForm, readTarget } from "./page-request.ts";
import { ConnectPage } from "./pages.tsx";
import { clientMetadata, type SignInService } from "./sign-in-service.ts";

export type ConnectOptions = {
  browsers: BrowserSessions;
  audit: Pick<AuditRecorder, "around">;
  service: Pick<ServerService, "find">;
  signIns: SignInService;
  /** May this person use what stands there? */
  maySee: MayUse;
  publicUrl: string;
  newNonce: () => string;
  logger: Logger;
};

type Route = (request: Request) => Promise<Response>;
export type ConnectRoutes = { show: Route; begin: Route; callback: Route; clientMetadata: Route };

export function createConnectRoutes(options: ConnectOptions): ConnectRoutes {
  const page = (work: (request: Request, signedIn: SignedIn) => Promise<Response>): Route => {
    return async (request) => {
      try {
        const signedIn = await options.browsers.read(request);
        return signedIn === null ? signInFirst(request) : await work(request, signedIn);
      } catch (error) {
        return showProblem(options, error);
      }
    };
  };
  return {
    show: page((request, signedIn) => show(options, request, signedIn)),
    begin: page(async (request, signedIn) => {
      await readOwnForm(options.browsers, request, signedIn);
      const { principal } = signedIn;
      const { place, name, server } = await find(options, request, principal);
      const next = await options.signIns.begin(keyOf(principal, place, name), server.url);
      return new Response(null, { status: 303, headers: { location: next.href, "cache-control": "no-store" } });
    }),
    callback: page((request, { principal }) => finish(options, request, principal)),
    clientMetadata: async () => {
      const document = {
        client_id: `${options.publicUrl}/mcp-servers/client-metadata`,
        ...clientMetadata(options.publicUrl),
      };
      return Response.json(document, { headers: { "cache-control": "max-age=3600" } });
    },
  };
}

async function show(options: ConnectOptions, request: Request, signedIn: SignedIn): Promise<Response> {
  const { path, place, name, server } = await find(options, request, signedIn.principal);
  const { host } = new URL(server.url);
  const nonce = options.newNonce();
  const shown = { nonce, signedIn, name, host, place: PLACE_WORDS[place.scope], action: path };
  // The form's answer sends the browser on to the server's own page.
  const formTargets = "'self' https: http://localhost:* http://127.0.0.1:*";
  return pageResponse(<ConnectPage {...shown} />, { nonce, status: 200, formTargets });
}

async function finish(options: ConnectOptions, request: Request, principal: Principal): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const [state, code] = [query.get("state"), query.get("code")];
  if (state === null || code === null) {
    throw new AppError("mcp_connect_refused", "The sign-in was not finished at the server. Begin it again.");
  }
  const event = {
    action: "mcp_server.sign_in",
    target_kind: "mcp_server",
    target_id: null,
    decided_by: "page",
    details: {},
  };
  const { name } = await options.audit.around(
    { ...principal, client_id: BROWSER },
    event,
    () => options.signIns.finish(principal, { state, code, iss: query.get("iss") }),
    (finished) => ({ target_id: finished.name }),
  );
  options.logger.log("info", "mcp_server_signed_in", { user_id: principal.user_id });
  const nonce = options.newNonce();
  const message = `Your sessions can use ${name} now. You can close this page.`;
  return pageResponse(<MessagePage title="Signed in" nonce={nonce} message={message} />, { nonce, status: 200 });
}

async function find(
  { service, maySee }: ConnectOptions,
  request: Request,
  principal: Principal,
): Promise<{ path: string; place: Place; name: string; server: RemoteServer }> {
  const { path, place, name } = readTarget(request);
  if (!(await maySee(principal, place))) throw noServer(name.slice(0, 64));
  const server = await service.find(principal, place, name);
  if (!isRemote(server) || namesOfSecrets({ ...server, headers: {} }).length > 0) {
    throw new AppError(
      "mcp_connect_refused",
      "Nobody signs in at this server: it is a program, or its address holds a secret.",
    );
  }
  return { path, place, name, server };
}

function showProblem({ newNonce, logger }: ConnectOptions, error: unknown): Promise<Response> {
  const { message } = error instanceof AppError ? toFailure(error, "") : explainError(error, logger, "connect");
  const nonce = newNonce();
  return pageResponse(<MessagePage title="This cannot go on" nonce={nonce} message={message} />, {
    nonce,
    status: 400,
  });
}
