// Builds the edge out of its bindings, once per isolate. The only file that reads them.
import { getOAuthApi, OAuthProvider, type OAuthProviderOptions } from "@cloudflare/workers-oauth-provider";
import { createMcpHandler } from "agents/mcp/server";
import { sql } from "drizzle-orm";
import { AppError } from "../shared/errors/app-error.ts";
import { MODEL_REQUEST_RENEW_MS } from "../shared/limits.ts";
import type { UrlRules } from "../shared/outbound/url-policy.ts";
import { verifyRunToken } from "../shared/tokens/run-token-signature.ts";
import { createUsageService } from "./accounting/usage-service.ts";
import { createUsageReader } from "./accounting/usage-store.ts";
import { createBudgetService } from "./budgets/budget-service.ts";
import { createAuditRecorder } from "./audit/audit-recorder.ts";
import { createAuditService } from "./audit/audit-service.ts";
import { createAuditReader } from "./audit/audit-store.ts";
import { createUploadRoute } from "./attachments/upload-route.ts";
import { createUploadService, type UploadService } from "./attachments/upload-service.ts";
import { createUploadStore } from "./attachments/upload-store.ts";
import { newTicket, sha256Hex } from "./attachments/upload-ticket.ts";
import { createArchiveService } from "./archive/archive-service.ts";
import { createAuthorizeRoute } from "./auth/authorize-route.tsx";
import { createPrincipalStore, type PrincipalStore } from "./auth/principal-store.ts";
import { providerOptions } from "./auth/provider-options.ts";
import { createSignIns, type SignIns } from "./auth/audited-sign-in.ts";
import { createSignInStore } from "./auth/sign-in-store.ts";
import { createSweepStore } from "./checkpoints/keeping/sweep-store.ts";
import { sweepCheckpoints } from "./checkpoints/keeping/sweep.ts";
import { type EdgeConfig, explainModelKeyProblem, publicConfig, readConfig } from "./config.ts";
import { composeAgents } from "./compose-agents.ts";
import { composeCustomization, composeHookRoute } from "./compose-customization.ts";
import { composePages } from "./compose-pages.ts";
import { composePackRoutes, composeTimeline } from "./compose-timeline.ts";
import { createDatabase } from "./db/client.ts";
import { teams } from "./db/schema.ts";
import { type EdgeParts, newId, now } from "./edge-parts.ts";
import { createApp } from "./http/app.ts";
import { answerHealth } from "./http/health-route.ts";
import { createEntry, type FetchHandler } from "./http/entry.ts";
import { createExposures } from "./mcp/exposure.ts";
import { createMcpEndpoint } from "./mcp/mcp-endpoint.ts";
import { createConsentRounds } from "./mcp/consent-rounds.ts";
import { createServerFactory } from "./mcp/mcp-server.ts";
import { createProtectedRoutes } from "./mcp/protected-routes.ts";
import { TOOLS } from "./mcp/registry.ts";
import { createResourceReaders } from "./mcp/resource-readers.ts";
import type { Services } from "./mcp/tool-context.ts";
import { createModelGateway } from "./model/model-gateway.ts";
import { requireModel } from "./sessions/model-choice-policy.ts";
import { forgetPlace } from "./configuration/forget-place.ts";
import { createGuardedFetch, type GuardedFetch } from "./outbound/guarded-fetch.ts";
import { createResolver } from "./outbound/resolve-name.ts";
import { createProcessService } from "./processes/process-service.ts";
import { createProcessStore } from "./processes/process-store.ts";
import { createProjectService, identityOf } from "./projects/project-service.ts";
import { createProjectStore } from "./projects/project-store.ts";
import { wakeSession } from "./runner/wake-route.ts";
import { createRuntimeService } from "./runtime/runtime-service.ts";
import { createEventBodies } from "./sessions/event-bodies.ts";
import { createSchedule } from "./schedule.ts";
import { createSessionService, type SessionService } from "./sessions/session-service.ts";
import { createSessionStore } from "./sessions/session-store.ts";
import { createWatchPageRoute } from "./sessions/watch-page-route.ts";
import { createWatchService, type WatchService } from "./sessions/watch-service.ts";
import { createEdgeTelemetry } from "./telemetry/edge-telemetry.ts";
import { createMetricsRoute } from "./telemetry/metrics-route.ts";
import { consoleSink, createLogger } from "./telemetry/logger.ts";
import { VERSION } from "./version.ts";

/** What the runtime gives besides the bindings; files that import `cloudflare:workers` do not run in Node. */
export type EdgeRuntime = { waitUntil: (work: Promise<unknown>) => void };

/** Waits for a clone no longer than hosted clients wait for a call. */
const CLONE_WAIT_MS = 35_000;
/** Longer than a Session object waits for its sandbox. */
const ASK_PROCESSES_MS = 8_000;

type Parts = EdgeParts & { attachments: UploadService };

/** The edge, and what it does by the clock. */
export type Edge = FetchHandler & { scheduled(): Promise<void> };

export function composeEdge(env: Env, runtime: EdgeRuntime): Edge {
  const config = readConfig(env);
  const logger = createLogger({ sink: consoleSink, newEventId: newId });
  const team = (id: string) => env.TEAM.getByName(id);
  const base: EdgeParts = {
    config,
    db: createDatabase(env.DB),
    d1: env.DB,
    bucket: env.BUCKET,
    logger,
    session: (id) => env.SESSION.getByName(id),
    workspace: (id) => env.WORKSPACE.getByName(id),
    team,
    audit: createAuditRecorder({ team, newId, now, waitUntil: runtime.waitUntil, logger }),
    ...composeGuard(config),
    waitUntil: runtime.waitUntil,
  };
  const attachments = composeUploads(base);
  const parts: Parts = { ...base, attachments };
  const principals = createPrincipalStore({ db: parts.db, newId, now });
  const watching = createWatchService({
    session: parts.session,
    readPrincipal: principals.readPrincipal,
    publicUrl: config.publicUrl,
  });
  if (config.modelKeyProblem !== null) logger.log("error", "model_key_unusable", { problem: config.modelKeyProblem });
  const services = { ...composeServices(parts), watching };
  const signIns = composeSignIns(parts, principals);
  const oauth = () => getOAuthApi(options, env);
  const nameClient = async (id: string) => (await oauth().lookupClient(id))?.clientName ?? id;
  const pages = composePages({ ...parts, publicUrl: config.publicUrl, principals, services, signIns, nameClient });
  const options: OAuthProviderOptions<Env> = providerOptions({
    ...config,
    logger,
    apiHandler: composeProtected(parts, principals.readPrincipal, services),
    defaultHandler: composeApp(parts, { principals, watching, pages, servers: services.servers, signIns, oauth }),
  });
  const provider = new OAuthProvider<Env>(options);
  const entry = createEntry({ provider, publicUrl: config.publicUrl, logger });
  const sweeps = {
    uploads: attachments.sweep,
    pages: pages.sweep,
    servers: services.servers.sweep,
    usage: services.usage.sweep,
    checkpoints: () =>
      sweepCheckpoints({ ...parts, ...services.checkpoints, store: createSweepStore(parts.db), nowMs: Date.now }),
  };
  return { ...entry, scheduled: createSchedule(sweeps, logger) };
}

function composeUploads({ bucket, config, db, logger, waitUntil }: EdgeParts) {
  return createUploadService({
    store: createUploadStore(db),
    bucket,
    publicUrl: config.publicUrl,
    logger,
    newId,
    newTicket,
    sha256Hex,
    nowMs: Date.now,
    waitUntil: (work) => waitUntil(work.catch((error) => logger.logUnexpected("sweep_failed", error, {}))),
  });
}

/** Everything below /mcp: what asks for an access token. */
function composeProtected(parts: Parts, readPrincipal: PrincipalStore["readPrincipal"], services: Services) {
  const { config, logger } = parts;
  const bodies = createEventBodies(parts.bucket);
  const readers = createResourceReaders({ services, bodies, publicConfig: publicConfig(config, VERSION) });
  const rounds = createConsentRounds(config.runTokenSecret);
  const createHandler = (responseMode: "auto" | "sse") =>
    createMcpHandler(
      createServerFactory({
        version: VERSION,
        services,
        readers,
        rounds,
        audit: parts.audit,
        telemetry: composeTelemetry(parts),
        logger,
      }),
      {
        // The entry has checked the Origin already, and the token's audience names the host.
        allowedOriginHostnames: "*",
        allowedHostnames: [new URL(config.publicUrl).hostname],
        corsOptions: false,
        responseMode,
        onerror: (error) => logger.log("info", "mcp_request_refused", { error_name: error.name }),
      },
    );
  const mcp = createMcpEndpoint({
    handler: createHandler("auto"),
    streamHandler: createHandler("sse"),
    expose: createExposures(TOOLS),
    readPrincipal,
    repairsHeaders: config.repairHeaders,
    logger,
  });
  return createProtectedRoutes({ ...services, mcp, readPrincipal, bodies, recorder: parts.audit, logger });
}

function composeServices(parts: Parts): Omit<Services, "watching"> {
  const { config, db } = parts;
  const sessionStore = createSessionStore({ db, now });
  const { workspace } = parts;
  const projectStore = createProjectStore({ db, newId, now });
  const projects = createProjectService({
    store: projectStore,
    directory: { workspace },
    endSessions: async (projectId) => {
      const ids = await sessionStore.listProjectSessionIds(projectId);
      await Promise.all(ids.map((id) => parts.session(id).projectDeleted()));
    },
    forgetCheckpoints: (project) => timeline.checkpoints.keeping.forgetProject(project),
    forgetConfiguration: (projectId) => forgetPlace(db, "project", projectId),
    allowInsecureGit: config.allowInsecureGit,
    cloneWaitMs: CLONE_WAIT_MS,
    waitUntil: parts.waitUntil,
  });
  const timeline = composeTimeline(parts, { projects, projectStore, sessions: () => sessions });
  const sessions: SessionService = createSessionService({
    directory: { session: parts.session },
    store: sessionStore,
    findProject: projects.find,
    resolveProject: projects.resolve,
    openBranch: timeline.openBranch,
    requireModelKey: () => requireModelKey(config),
    requireModel: (model) => requireModel(model, config.allowedModels),
    ceiling: config.maxPermissionMode,
    newId,
    nowMs: Date.now,
    subtle: crypto.subtle,
    resolveAttachments: (principal, names) => parts.attachments.resolve(principal, names),
  });
  const asking = { store: createProcessStore(db), session: parts.session, askMs: ASK_PROCESSES_MS };
  const customization = composeCustomization(parts, { projects, sessions });
  return {
    ...customization,
    ...composeAgents(parts, { ...customization, ...timeline, projects, sessions }),
    sessions,
    projects,
    branches: timeline.branches,
    checkpoints: timeline.checkpoints,
    runtime: createRuntimeService({
      async askSandbox(principal, name, ask) {
        const project = await projects.find(principal, name);
        return ask(workspace(project.workspace_id), identityOf(principal, project));
      },
    }),
    archive: createArchiveService({ session: parts.session, bucket: parts.bucket, publicUrl: config.publicUrl }),
    processes: createProcessService(asking),
    attachments: parts.attachments,
    audit: composeAudit(parts),
    usage: composeUsage(parts),
    budgets: createBudgetService({
      configuration: customization.configuration,
      findProject: projects.find,
      team: parts.team,
    }),
  };
}

function composeTelemetry({ config, team, waitUntil, logger }: Parts) {
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  return createEdgeTelemetry({ isOn: config.measures, team, nowMs: Date.now, newId, randomBytes, waitUntil, logger });
}

function composeMetrics({ config, db, team }: Parts) {
  const listTeams = async () => (await db.select({ id: teams.id }).from(teams)).map(({ id }) => id);
  return createMetricsRoute({ token: config.metricsToken, listTeams, team, subtle: crypto.subtle });
}

function composeUsage({ config, d1 }: Parts) {
  const { publicUrl, usageKeeping: keeping } = config;
  return createUsageService({ reader: createUsageReader(d1), nowMs: Date.now, keeping, publicUrl });
}

function composeAudit({ config, d1, team }: Parts) {
  return createAuditService({
    reader: createAuditReader(d1),
    team,
    sha256Hex: (text) => sha256Hex(Uint8Array.from(new TextEncoder().encode(text))),
    publicUrl: config.publicUrl,
  });
}

/** The one way to addresses that people enter. */
function composeGuard(config: EdgeConfig): { guarded: GuardedFetch; rules: UrlRules } {
  const send = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);
  const rules = { allowLoopback: config.allowLoopbackUrls, ownOrigin: config.publicUrl };
  const resolve = createResolver({ resolverUrl: config.dnsResolverUrl, fetch: send });
  return { guarded: createGuardedFetch({ fetch: send, resolve, rules }), rules };
}

function composeSignIns({ audit, config, db }: Parts, principals: PrincipalStore): SignIns {
  return createSignIns({ ...principals, code: config.signInCode, counter: createSignInStore(db), audit });
}

type AppParts = {
  signIns: SignIns;
  principals: PrincipalStore;
  watching: WatchService;
  pages: ReturnType<typeof composePages>;
  servers: Services["servers"];
  oauth: () => ReturnType<typeof getOAuthApi>;
};

/** The routes that ask for no access token. */
function composeApp(parts: Parts, { principals, watching, pages, servers, signIns, oauth }: AppParts): FetchHandler {
  const { config, db, logger, workspace } = parts;
  const routes = {
    ...pages.routes,
    authorize: createAuthorizeRoute({ oauth, principals, signIns, newNonce: () => crypto.randomUUID(), logger }),
    watch: createWatchPageRoute({ watching, newNonce: () => crypto.randomUUID(), logger }),
    health: () => answerHealth({ config, version: VERSION, touchDatabase: () => db.run(sql`select 1 from users`) }),
    metrics: composeMetrics(parts),
    model: composeGateway(parts),
    mcpProxy: servers.proxy,
    hooks: composeHookRoute(parts),
    packs: composePackRoutes(parts),
    upload: createUploadRoute({ uploads: parts.attachments, logger }),
    wake: (request: Request) => wakeSession({ workspace }, request),
  };
  const app = createApp(routes, logger);
  return { fetch: (request, bindings, context) => Promise.resolve(app.fetch(request, bindings, context)) };
}

function composeGateway({ config, logger, session, waitUntil }: Parts) {
  return createModelGateway({
    modelBaseUrl: config.modelBaseUrl,
    modelKey: config.modelKey,
    requireModelKey: () => requireModelKey(config),
    verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
    session,
    fetch: (url, init) => fetch(url, init),
    newPipe: () => new IdentityTransformStream(),
    waitUntil,
    nowMs: Date.now,
    renewEveryMs: MODEL_REQUEST_RENEW_MS,
    finishAgainMs: [200, 1_000, 5_000, 15_000],
    logger,
  });
}

function requireModelKey({ modelKeyProblem }: EdgeConfig): void {
  if (modelKeyProblem !== null) throw new AppError("model_key_missing", explainModelKeyProblem(modelKeyProblem));
}
