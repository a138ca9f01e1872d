// Builds the pages for signed-in people, and what knows who is signed in.
import type { AuditRecorder } from "./audit/audit-recorder.ts";
import { newTicket, sha256Hex } from "./attachments/upload-ticket.ts";
import { type BrowserSessions, type BrowserSessionStore, createBrowserSessions } from "./auth/browser-session.ts";
import { createBrowserSessionStore } from "./auth/browser-session-store.ts";
import type { PrincipalStore } from "./auth/principal-store.ts";
import type { SignIns } from "./auth/audited-sign-in.ts";
import { createSignInRoute } from "./auth/sign-in-route.tsx";
import { createPlaceNames } from "./configuration/place-names.ts";
import { createProposalRoute } from "./configuration/proposal-route.tsx";
import type { Database } from "./db/client.ts";
import type { Services } from "./mcp/tool-context.ts";
import { createConnectRoutes } from "./mcp-servers/connections/connect-routes.tsx";
import { createPlaceAccess } from "./mcp-servers/connections/place-access.ts";
import { createSecretRoutes } from "./mcp-servers/connections/secret-routes.tsx";
import { createConsentRoute } from "./permissions/consent-route.tsx";
import type { Logger } from "./telemetry/logger.ts";

export type PageParts = {
  db: Database;
  publicUrl: string;
  principals: PrincipalStore;
  services: Pick<Services, "configuration" | "permissions" | "proposals" | "servers" | "sessions">;
  signIns: SignIns;
  audit: AuditRecorder;
  nameClient: (clientId: string) => Promise<string>;
  logger: Logger;
};

const newNonce = (): string => crypto.randomUUID();

export function composePages(parts: PageParts) {
  const { services, logger } = parts;
  const store = createBrowserSessionStore(parts.db);
  const browsers = composeBrowsers(parts, store);
  const shared = { browsers, newNonce, nowMs: Date.now };
  const routes = {
    signIn: createSignInRoute({
      ...shared,
      ensureUser: parts.principals.ensureLocalUser,
      signIns: parts.signIns,
      logger,
    }),
    consent: createConsentRoute({ ...shared, permissions: services.permissions }),
    proposals: createProposalRoute({
      ...shared,
      proposals: services.proposals,
      audit: parts.audit,
      nameClient: parts.nameClient,
      namePlace: createPlaceNames({ db: parts.db, sessions: services.sessions }),
    }),
  };
  return { routes: { ...routes, ...composeServerPages(parts, browsers) }, sweep: () => store.sweep(Date.now()) };
}

function composeServerPages({ db, services, publicUrl, audit, logger }: PageParts, browsers: BrowserSessions) {
  const { configuration, servers } = services;
  const access = createPlaceAccess({ db, sessions: services.sessions });
  const shared = { browsers, newNonce, audit, logger };
  return {
    connect: createConnectRoutes({ ...shared, ...servers, maySee: access.maySee, publicUrl }),
    secrets: createSecretRoutes({ ...shared, ...servers, configuration, mayChange: access.mayChange }),
  };
}

function composeBrowsers({ publicUrl, principals }: PageParts, store: BrowserSessionStore): BrowserSessions {
  return createBrowserSessions({
    store,
    readPrincipal: principals.readPrincipal,
    publicUrl,
    newToken: newTicket,
    sha256Hex,
    subtle: crypto.subtle,
    nowMs: Date.now,
  });
}
