// The routes that ask for no access token: sign-in, pages for people, health, watching by ticket, the sandbox's own routes.
// Everything else is a 404 as JSON.
import { Hono } from "hono";
import { failure } from "../../shared/errors/app-error.ts";
import { EDGE_PATHS } from "../../shared/rpc/protocol.ts";
import { type AuthorizeRoute } from "../auth/authorize-route.tsx";
import type { SignInRoute } from "../auth/sign-in-route.tsx";
import type { ProposalRoute } from "../configuration/proposal-route.tsx";
import type { ConnectRoutes } from "../mcp-servers/connections/connect-routes.tsx";
import type { SecretRoutes } from "../mcp-servers/connections/secret-routes.tsx";
import type { ConsentRoute } from "../permissions/consent-route.tsx";
import type { Logger } from "../telemetry/logger.ts";
import { explainError, jsonError } from "./json-error.ts";
import { securityHeaders } from "./security-headers.ts";

type Route = (request: Request) => Promise<Response>;

export type AppRoutes = {
  authorize: AuthorizeRoute;
  health: () => Promise<Response>;
  metrics: Route;
  signIn: SignInRoute;
  consent: ConsentRoute;
  proposals: ProposalRoute;
  watch: Route;
  model: Route;
  wake: Route;
  upload: Route;
  mcpProxy: Route;
  connect: ConnectRoutes;
  secrets: SecretRoutes;
  hooks: Route;
  packs: { put: Route; putSmall: Route; get: Route; putExport: Route };
};

export function createApp(routes: AppRoutes, logger: Logger): Hono {
  const app = new Hono();
  app.use(securityHeaders);
  app.get("/authorize", (context) => routes.authorize.show(context.req.raw));
  app.post("/authorize", (context) => routes.authorize.answer(context.req.raw));
  app.get("/sign-in", (context) => routes.signIn.show(context.req.raw));
  app.post("/sign-in", (context) => routes.signIn.answer(context.req.raw));
  app.get("/sign-in/done", (context) => routes.signIn.done(context.req.raw));
  app.post("/sign-out", (context) => routes.signIn.signOut(context.req.raw));
  app.get("/consent/:session/:request", (context) => routes.consent.show(context.req.raw));
  app.post("/consent/:session/:request", (context) => routes.consent.answer(context.req.raw));
  app.get("/proposals/:id", (context) => routes.proposals.show(context.req.raw));
  app.post("/proposals/:id", (context) => routes.proposals.answer(context.req.raw));
  app.get("/mcp-servers/callback", (context) => routes.connect.callback(context.req.raw));
  app.get("/mcp-servers/client-metadata", (context) => routes.connect.clientMetadata(context.req.raw));
  app.get("/mcp-servers/:scope/:id/:server", (context) => routes.connect.show(context.req.raw));
  app.post("/mcp-servers/:scope/:id/:server", (context) => routes.connect.begin(context.req.raw));
  app.get("/secrets/:scope/:id", (context) => routes.secrets.show(context.req.raw));
  app.post("/secrets/:scope/:id", (context) => routes.secrets.save(context.req.raw));
  app.get("/health", () => routes.health());
  app.get("/metrics", (context) => routes.metrics(context.req.raw));
  app.get("/watch/:id", (context) => routes.watch(context.req.raw));
  app.all(EDGE_PATHS.model, (context) => routes.model(context.req.raw));
  app.all(`${EDGE_PATHS.model}/*`, (context) => routes.model(context.req.raw));
  app.all(`${EDGE_PATHS.mcpProxy}/*`, (context) => routes.mcpProxy(context.req.raw));
  app.put("/uploads/:id", (context) => routes.upload(context.req.raw));
  app.put(`${EDGE_PATHS.packs}/:sha256`, (context) => routes.packs.put(context.req.raw));
  app.put(EDGE_PATHS.packs, (context) => routes.packs.putSmall(context.req.raw));
  app.get(`${EDGE_PATHS.packs}/:sha256`, (context) => routes.packs.get(context.req.raw));
  app.put(`${EDGE_PATHS.exports}/:id`, (context) => routes.packs.putExport(context.req.raw));
  app.post(EDGE_PATHS.hooks, (context) => routes.hooks(context.req.raw));
  app.post(EDGE_PATHS.wake, (context) => routes.wake(context.req.raw));
  app.notFound(() => jsonError(failure("not_found", "There is nothing at this address.").error));
  app.onError((error) => jsonError(explainError(error, logger, "http")));
  return app;
}
