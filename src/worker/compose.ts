// Builds the edge out of its bindings, once per isolate. The only file that reads them.
import { getOAuthApi, OAuthProvider, type OAuthProviderOptions } from "@cloudflare/workers-oauth-provider";
import { createMcpHandler } from "agents/mcp/server";
import { sql } from "drizzle-orm";
import { AppError } from "../shared/errors/app-error.ts";
import { uuidV7 } from "../shared/ids.ts";
import { MODEL_REQUEST_RENEW_MS } from "../shared/limits.ts";
import type { Principal } from "../shared/teams/principal.ts";
import type { UrlRules } from "../shared/outbound/url-policy.ts";
import type { SessionApi } from "../shared/rpc/session-api.ts";
import type { WorkspaceApi } from "../shared/rpc/workspace-api.ts";
import { verifyRunToken } from "../shared/tokens/run-token-signature.ts";
import { createUploadRoute } from "./attachments/upload-route.ts";
import { createUploadService, type UploadService } from "./attachments/upload-service.ts";
import { createUploadStore } from "./attachments/upload-store.ts";
import { newTicket, sha256Hex } from "./attachments/upload-ticket.ts";
import { createArchiveService } from "./archive/archive-service.ts";
import { createAuthorizeRoute } from "./auth/authorize-route.tsx";
import { createPrincipalStore, type PrincipalStore } from "./auth/principal-store.ts";
import { providerOptions } from "./auth/provider-options.ts";
import { judgeSignIn } from "./auth/sign-in-policy.ts";
import { createSignInStore } from "./auth/sign-in-store.ts";
import { type BranchService, createBranchService } from "./branches/branch-service.ts";
import { createBranchStore } from "./branches/branch-store.ts";
import { composeCheckpoints } from "./checkpoints/compose-checkpoints.ts";
import { createPackAccess } from "./checkpoints/packs/pack-access.ts";
import { createPackRoutes } from "./checkpoints/packs/pack-routes.ts";
import { createSweepStore } from "./checkpoints/keeping/sweep-store.ts";
import { sweepCheckpoints } from "./checkpoints/keeping/sweep.ts";
import { createPackStore } from "./checkpoints/packs/pack-store.ts";
import { type EdgeConfig, explainModelKeyProblem, publicConfig, readConfig } from "./config.ts";
import { composeMcpServers } from "./compose-mcp-servers.ts";
import { composeCustomization, composeHookRoute } from "./compose-customization.ts";
import { composePages } from "./compose-pages.ts";
import { createDatabase, type Database } from "./db/client.ts";
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
import { forgetPlace } from "./mcp-servers/forget-place.ts";
import { createGuardedFetch, type GuardedFetch } from "./outbound/guarded-fetch.ts";
import { createResolver } from "./outbound/resolve-name.ts";
import { createProcessService } from "./processes/process-service.ts";
import { createProcessStore } from "./processes/process-store.ts";
import { createProjectService, identityOf, type ProjectService } from "./projects/project-service.ts";
import { type ConfigurationService, createConfigurationService } from "./configuration/configuration-service.ts";
import { createConfigurationStore } from "./configuration/configuration-store.ts";
import { createPlaceResolver } from "./configuration/place-resolver.ts";
import { createProposalService } from "./configuration/proposal-service.ts";
import { createProposalStore } from "./configuration/proposal-store.ts";
import { createProjectStore, type ProjectStore } from "./projects/project-store.ts";
import { createPermissionService } from "./permissions/permission-service.ts";
import { addUserRule } from "./permissions/user-rule.ts";
import { wakeSession } from "./runner/wake-route.ts";
import { createRuntimeService } from "./runtime/runtime-service.ts";
import { createEventBodies } from "./sessions/event-bodies.ts";
import type { OpenBranch } from "./sessions/choose-target.ts";
import { createSessionService, type SessionService } from "./sessions/session-service.ts";
import { createSessionStore } from "./sessions/session-store.ts";
import { createWatchPageRoute } from "./sessions/watch-page-route.ts";
import { createWatchService, type WatchService } from "./sessions/watch-service.ts";
import { consoleSink, createLogger, type Logger } from "./telemetry/logger.ts";
import { VERSION } from "./version.ts";

/** What the runtime gives besides the bindings; files that import `cloudflare:workers` do not run in Node. */
export type EdgeRuntime = { waitUntil: (work: Promise<unknown>) => void };

/** Waits for a clone no longer than hosted clients wait for a call. */
const CLONE_WAIT_MS = 35_000;
/** Longer than a Session object waits for its sandbox. */
const ASK_PROCESSES_MS = 8_000;

const newId = (): string => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
const now = (): Date => new Date();

type Parts = {
  env: Env;
  config: EdgeConfig;
  db: Database;
  logger: Logger;
  runtime: EdgeRuntime;
  attachments: UploadService;
};

/** The edge, and what it does by the clock. */
export type Edge = FetchHandler & { scheduled(): Promise<void> };

export function composeEdge(env: Env, runtime: EdgeRuntime): Edge {
  const config = readConfig(env);
  const logger = createLogger({ sink: consoleSink, newEventId: newId });
  const attachments = composeUploads(env, config, { logger, runtime });
  const parts: Parts = { env, config, db: createDatabase(env.DB), logger, runtime, attachments };
  const principals = createPrincipalStore({ db: parts.db, newId, now });
  const watching = createWatchService({
    session: (id) => env.SESSION.getByName(id),
    readPrincipal: principals.readPrincipal,
    publicUrl: config.publicUrl,
  });
  if (config.modelKeyProblem !== null) logger.log("error", "model_key_unusable", { problem: config.modelKeyProblem });
  const services = { ...composeServices(parts), watching };
  const { signIn } = composeSignIn(parts);
  const oauth = () => getOAuthApi(options, env);
  const nameClient = async (id: string) => (await oauth().lookupClient(id))?.clientName ?? id;
  const pages = composePages({ ...parts, publicUrl: config.publicUrl, principals, services, signIn, nameClient });
  const options: OAuthProviderOptions<Env> = providerOptions({
    ...config,
    logger,
    apiHandler: composeProtected(parts, principals.readPrincipal, services),
    defaultHandler: composeApp(parts, { principals, watching, pages, servers: services.servers, signIn, oauth }),
  });
  const provider = new OAuthProvider<Env>(options);
  const entry = createEntry({ provider, publicUrl: config.publicUrl, logger });
  const scheduled = async (): Promise<void> => {
    await attachments.sweep();
    await pages.sweep();
    await sweepCheckpoints({
      store: createSweepStore(parts.db),
      keeping: services.checkpoints.keeping,
      bucket: env.BUCKET,
      workspace: (id) => workspaceOf(env, id),
      nowMs: Date.now,
      logger,
    });
  };
  return { ...entry, scheduled };
}

function composeUploads(env: Env, config: EdgeConfig, { logger, runtime }: Pick<Parts, "logger" | "runtime">) {
  return createUploadService({
    store: createUploadStore(createDatabase(env.DB)),
    bucket: env.BUCKET,
    publicUrl: config.publicUrl,
    logger,
    newId,
    newTicket,
    sha256Hex,
    nowMs: Date.now,
    waitUntil: (work) => runtime.waitUntil(work.catch((error) => logger.logUnexpected("sweep_failed", error, {}))),
  });
}

/** Everything below /mcp: what asks for an access token. */
function composeProtected(parts: Parts, readPrincipal: PrincipalStore["readPrincipal"], services: Services) {
  const { config, logger } = parts;
  const bodies = createEventBodies(parts.env.BUCKET);
  const readers = createResourceReaders({ services, bodies, publicConfig: publicConfig(config, VERSION) });
  const rounds = createConsentRounds(config.runTokenSecret);
  const createHandler = (responseMode: "auto" | "sse") =>
    createMcpHandler(createServerFactory({ version: VERSION, services, readers, rounds, logger }), {
      // The entry has checked the Origin already, and the token's audience names the host.
      allowedOriginHostnames: "*",
      allowedHostnames: [new URL(config.publicUrl).hostname],
      corsOptions: false,
      responseMode,
      onerror: (error) => logger.log("info", "mcp_request_refused", { error_name: error.name }),
    });
  const mcp = createMcpEndpoint({
    handler: createHandler("auto"),
    streamHandler: createHandler("sse"),
    expose: createExposures(TOOLS),
    readPrincipal,
    repairsHeaders: config.repairHeaders,
    logger,
  });
  return createProtectedRoutes({ ...services, mcp, readPrincipal, bodies, logger });
}

function composeServices(parts: Parts): Omit<Services, "watching"> {
  const { config, db } = parts;
  const sessionStore = createSessionStore({ db, now });
  const workspace = (id: string) => workspaceOf(parts.env, id);
  const projectStore = createProjectStore({ db, newId, now });
  const projects = createProjectService({
    store: projectStore,
    directory: { workspace },
    endSessions: async (projectId) => {
      const ids = await sessionStore.listProjectSessionIds(projectId);
      await Promise.all(ids.map((id) => sessionOf(parts.env, id).projectDeleted()));
    },
    forgetCheckpoints: (project) => timeline.checkpoints.keeping.forgetProject(project),
    forgetServers: (projectId) => forgetPlace(db, "project", projectId),
    allowInsecureGit: config.allowInsecureGit,
    cloneWaitMs: CLONE_WAIT_MS,
    waitUntil: parts.runtime.waitUntil,
  });
  const timeline = composeTimeline(parts, { projects, projectStore, sessions: () => sessions });
  const sessions: SessionService = createSessionService({
    directory: { session: (id) => sessionOf(parts.env, id) },
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
  const runtime = composeRuntime(parts, projects);
  const processes = createProcessService({
    store: createProcessStore(db),
    session: (id) => sessionOf(parts.env, id),
    askMs: ASK_PROCESSES_MS,
  });
  const configured = composeConfiguration(parts, projects);
  return {
    ...configured,
    ...composeServersFor(parts, { ...configured, projects, sessions }),
    permissions: composePermissions(parts, configured.configuration),
    sessions,
    projects,
    branches: timeline.branches,
    checkpoints: timeline.checkpoints,
    runtime,
    archive: composeArchive(parts),
    processes,
    attachments: parts.attachments,
  };
}

/** The one way to addresses that people enter. */
function composeGuard(config: EdgeConfig): { guarded: GuardedFetch; rules: UrlRules } {
  const send = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);
  const rules = { allowLoopback: config.allowLoopbackUrls, ownOrigin: config.publicUrl };
  const resolve = createResolver({ resolverUrl: config.dnsResolverUrl, fetch: send });
  return { guarded: createGuardedFetch({ fetch: send, resolve, rules }), rules };
}

function composeRuntime({ env }: Parts, projects: ProjectService) {
  return createRuntimeService({
    async askSandbox(principal, name, ask) {
      const project = await projects.find(principal, name);
      return ask(workspaceOf(env, project.workspace_id), identityOf(principal, project));
    },
  });
}

function composeServersFor(
  { env, runtime, ...parts }: Parts,
  services: Pick<Services, "configuration" | "projects" | "proposals" | "sessions">,
) {
  const session = (id: string): SessionApi => sessionOf(env, id);
  const workspace = (id: string): WorkspaceApi => workspaceOf(env, id);
  return composeMcpServers(
    { ...parts, ...composeGuard(parts.config), session, workspace, waitUntil: runtime.waitUntil },
    services,
  );
}

function composeArchive({ env, config }: Parts) {
  return createArchiveService({
    session: (id) => sessionOf(env, id),
    bucket: env.BUCKET,
    publicUrl: config.publicUrl,
  });
}

function composeConfiguration({ env, config, db }: Parts, projects: ProjectService) {
  const proposals = createProposalService({
    store: createProposalStore({ db, now, newId }),
    publicUrl: config.publicUrl,
    newId,
    now,
  });
  const places = createPlaceResolver({ findProject: projects.find, session: (id) => sessionOf(env, id) });
  const store = createConfigurationStore({ db, now });
  const { builtInServers: builtIn } = config;
  const configuration = createConfigurationService({ store, proposals, places, builtIn });
  const customization = composeCustomization({
    configuration,
    projects,
    workspace: (id) => workspaceOf(env, id),
    session: (id) => sessionOf(env, id),
    guarded: composeGuard(config).guarded,
    requireModel: (model) => requireModel(model, config.allowedModels),
    sha256Hex,
  });
  return { proposals, configuration, ...customization };
}

function composePermissions({ env, config, logger }: Parts, configuration: ConfigurationService) {
  return createPermissionService({
    session: (id) => sessionOf(env, id),
    publicUrl: config.publicUrl,
    addUserRule: (principal, rule) => addUserRule(configuration, principal, rule),
    logger,
  });
}

type TimelineParts = { projects: ProjectService; projectStore: ProjectStore; sessions: () => SessionService };

function composeTimeline({ env, config, db }: Parts, { projects, projectStore, sessions }: TimelineParts) {
  const workspace = (id: string) => workspaceOf(env, id);
  const branchStore = createBranchStore({ db, now });
  const openBranch = async (principal: Principal, request: OpenBranch) =>
    (await branches.create(principal, { ...request, from_branch: null })).place;
  const checkpoints = composeCheckpoints({
    db,
    bucket: env.BUCKET,
    publicUrl: config.publicUrl,
    workspace,
    findProject: projects.find,
    openBranch,
    insertProject: projectStore.insert,
    keepPacksOf: branchStore.keepPacksOf,
    forkSession: (principal, { session_id, at_event }, into) => sessions().fork(principal, session_id, at_event, into),
    newId,
    now,
    subtle: crypto.subtle,
  });
  const branches: BranchService = createBranchService({
    store: branchStore,
    workspace,
    findProject: projects.find,
    findCheckpoint: checkpoints.access.find,
    newId,
    subtle: crypto.subtle,
  });
  return { checkpoints, branches, openBranch };
}

function composeSignIn({ config, db }: Parts) {
  const counter = createSignInStore(db);
  const signIn = (guess: string) =>
    judgeSignIn(guess, { code: config.signInCode, counter, nowMs: Date.now(), subtle: crypto.subtle });
  return { signIn };
}

type AppParts = ReturnType<typeof composeSignIn> & {
  principals: PrincipalStore;
  watching: WatchService;
  pages: ReturnType<typeof composePages>;
  servers: Services["servers"];
  oauth: () => ReturnType<typeof getOAuthApi>;
};

/** The routes that ask for no access token. */
function composeApp(parts: Parts, { principals, watching, pages, servers, signIn, oauth }: AppParts): FetchHandler {
  const { config, db, env, logger } = parts;
  const routes = {
    ...pages.routes,
    authorize: createAuthorizeRoute({ oauth, principals, signIn, newNonce: () => crypto.randomUUID(), logger }),
    watch: createWatchPageRoute({ watching, newNonce: () => crypto.randomUUID(), logger }),
    health: () => answerHealth({ config, version: VERSION, touchDatabase: () => db.run(sql`select 1 from users`) }),
    model: composeGateway(parts),
    mcpProxy: servers.proxy,
    hooks: composeHookRoute({
      verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
      session: (id) => sessionOf(env, id),
      guarded: composeGuard(config).guarded,
      logger,
    }),
    packs: composePackRoutes(parts),
    upload: createUploadRoute({ uploads: parts.attachments, logger }),
    wake: (request: Request) => wakeSession({ workspace: (id) => workspaceOf(env, id) }, request),
  };
  const app = createApp(routes, logger);
  return { fetch: (request, bindings, context) => Promise.resolve(app.fetch(request, bindings, context)) };
}

function composePackRoutes({ config, db, env, logger }: Parts) {
  const access = createPackAccess({
    verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
    workspace: (id) => workspaceOf(env, id),
    nowMs: Date.now,
  });
  return createPackRoutes({ access, store: createPackStore({ db, now }), bucket: env.BUCKET, logger });
}

function composeGateway({ config, env, logger, runtime }: Parts) {
  return createModelGateway({
    modelBaseUrl: config.modelBaseUrl,
    modelKey: config.modelKey,
    requireModelKey: () => requireModelKey(config),
    verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
    session: (id) => sessionOf(env, id),
    fetch: (url, init) => fetch(url, init),
    newPipe: () => new IdentityTransformStream(),
    waitUntil: runtime.waitUntil,
    nowMs: Date.now,
    renewEveryMs: MODEL_REQUEST_RENEW_MS,
    logger,
  });
}

function requireModelKey({ modelKeyProblem }: EdgeConfig): void {
  if (modelKeyProblem !== null) throw new AppError("model_key_missing", explainModelKeyProblem(modelKeyProblem));
}

function sessionOf(env: Env, sessionId: string): SessionApi {
  return env.SESSION.getByName(sessionId);
}

function workspaceOf(env: Env, workspaceId: string): WorkspaceApi {
  return env.WORKSPACE.getByName(workspaceId);
}
