// What the edge's composition files build from: read from the bindings once, in compose.ts.
import { uuidV7 } from "../shared/ids.ts";
import type { UrlRules } from "../shared/outbound/url-policy.ts";
import type { SessionApi } from "../shared/rpc/session-api.ts";
import type { TeamApi } from "../shared/rpc/team-api.ts";
import type { WorkspaceApi } from "../shared/rpc/workspace-api.ts";
import type { AuditRecorder } from "./audit/audit-recorder.ts";
import type { EdgeConfig } from "./config.ts";
import type { Database } from "./db/client.ts";
import type { GuardedFetch } from "./outbound/guarded-fetch.ts";
import type { Logger } from "./telemetry/logger.ts";

export type EdgeParts = {
  config: EdgeConfig;
  db: Database;
  /** The same database, for reports whose SQL is put together. */
  d1: D1Database;
  bucket: R2Bucket;
  logger: Logger;
  session: (sessionId: string) => SessionApi & Pick<Fetcher, "fetch">;
  workspace: (workspaceId: string) => WorkspaceApi;
  team: (teamId: string) => TeamApi;
  audit: AuditRecorder;
  /** The one way to addresses that people enter, and what it goes by. */
  guarded: GuardedFetch;
  rules: UrlRules;
  waitUntil: (work: Promise<unknown>) => void;
};

export const newId = (): string => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
export const now = (): Date => new Date();
