// Puts the parts together by which MCP servers are kept, tested, signed in at and reached.
import type { ConfigurationService } from "../configuration/configuration-service.ts";
import type { BuiltInServers } from "../../shared/mcp-servers/built-in-servers.ts";
import type { UrlRules } from "../../shared/outbound/url-policy.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import type { GuardedFetch } from "../outbound/guarded-fetch.ts";
import type { Sealer } from "../secrets/sealer.ts";
import { createLiftedSecretStore } from "../secrets/lifted-secret-store.ts";
import { createSecretStore } from "../secrets/secret-store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createConnectionStore } from "./connections/connection-store.ts";
import { createSignInService } from "./connections/sign-in-service.ts";
import { createSignInStateStore } from "./connections/sign-in-state-store.ts";
import { createTokenService } from "./connections/token-service.ts";
import { createHealthStore } from "./health-store.ts";
import { createServerOpener } from "./open-server.ts";
import { createServerProbe } from "./probe-server.ts";
import { createHealthNotes } from "./proxy/health-notes.ts";
import { createProxyRoute } from "./proxy/proxy-route.ts";
import type { RunnerTools } from "./runner-tools.ts";
import { createServerFinder } from "./server-finder.ts";
import { createServerService } from "./server-service.ts";
import { createServerTester } from "./server-tester.ts";
import { createPageUrls } from "./tool-fields.ts";

export type ServersOptions = {
  db: Database;
  sealer: Sealer;
  guarded: GuardedFetch;
  rules: UrlRules;
  /** Servers that every team has. */
  builtIn: BuiltInServers;
  publicUrl: string;
  version: string;
  configuration: Pick<ConfigurationService, "items" | "change">;
  session: (id: string) => Pick<SessionApi, "admitServerRequest">;
  verifyToken: (token: string) => Promise<unknown>;
  newTicket: () => string;
  sha256Hex: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  now: () => Date;
  waitUntil: (work: Promise<unknown>) => void;
  /** The sandbox of a project, started when none runs. */
  sandboxOf: (principal: Principal, project: string | null) => RunnerTools;
  logger: Logger;
};

/** What tools, routes and pages work with. */
export type ServerServices = Omit<ReturnType<typeof composeServers>, "tester">;

export function composeServers(options: ServersOptions) {
  const { db, sealer, guarded, rules, publicUrl, now } = options;
  const nowMs = (): number => now().getTime();
  const secrets = createSecretStore({ db, sealer, now });
  const lifted = createLiftedSecretStore({ db, sealer, now });
  const connections = createConnectionStore({ db, sealer, now });
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const tokens = createTokenService({ store: connections, guarded, nowMs, sleep });
  const open = createServerOpener({ secrets, token: tokens.token });
  const health = createHealthStore({ db, now });
  const tester = createServerTester({ open, probe: createServerProbe(guarded, options.version), health });
  const pending = createSignInStateStore({ db, sealer, now });
  const { newTicket: newState, sha256Hex } = options;
  const signIns = createSignInService({ connections, pending, guarded, rules, publicUrl, newState, sha256Hex, nowMs });
  const service = createServerService({ ...options, secrets, lifted, connections, health, tester });
  const proxy = createProxyRoute({
    ...options,
    find: createServerFinder(db, options.builtIn),
    open,
    tokenAfter: tokens.tokenAfter,
    health: createHealthNotes({ store: health, nowMs, waitUntil: options.waitUntil }),
    nowMs,
  });
  return {
    service,
    tester,
    signIns,
    secrets,
    proxy,
    urls: createPageUrls(publicUrl),
    sandboxOf: options.sandboxOf,
    sweep: () => lifted.sweep(),
    mcpUrl: `${publicUrl}/mcp`,
  };
}
