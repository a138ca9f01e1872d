// Builds what serves MCP servers for Claude: the guard, the vault, the tools' service, the proxy, and tests after consent.
import { and, eq } from "drizzle-orm";
import type { Place } from "../shared/configuration/place.ts";
import type { Principal } from "../shared/teams/principal.ts";
import { verifyRunToken } from "../shared/tokens/run-token-signature.ts";
import { newTicket, sha256Hex } from "./attachments/upload-ticket.ts";
import { projects as projectRows } from "./db/schema.ts";
import { type EdgeParts, now } from "./edge-parts.ts";
import type { Services } from "./mcp/tool-context.ts";
import { composeServers } from "./mcp-servers/compose-servers.ts";
import { withServerFollowUps } from "./mcp-servers/proposal-follow-ups.ts";
import type { RunnerTools } from "./mcp-servers/runner-tools.ts";
import { identityOf } from "./projects/project-service.ts";
import { createSealer } from "./secrets/sealer.ts";
import { VERSION } from "./version.ts";

type Needed = Pick<Services, "configuration" | "projects" | "proposals" | "sessions">;

export function composeMcpServers(parts: EdgeParts, services: Needed): Pick<Services, "servers" | "proposals"> {
  const { config, db, logger, waitUntil } = parts;
  const sandboxOf = (principal: Principal, project: string | null) =>
    createRunnerTools(parts, services, principal, () => Promise.resolve(project));
  const { tester, ...servers } = composeServers({
    db,
    sealer: createSealer(config.vaultKeys, crypto),
    guarded: parts.guarded,
    rules: parts.rules,
    builtIn: config.builtInServers,
    publicUrl: config.publicUrl,
    version: VERSION,
    configuration: services.configuration,
    session: parts.session,
    verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
    newTicket,
    sha256Hex,
    now,
    waitUntil,
    sandboxOf,
    logger,
  });
  const sandboxAt = (principal: Principal, place: Place) =>
    createRunnerTools(parts, services, principal, () => projectAt(parts, services, principal, place));
  const followUps = { tester, service: servers.service, sandboxAt, waitUntil };
  return { servers, proposals: withServerFollowUps(services.proposals, followUps) };
}

/** A project's sandbox, started when none runs. Null names the default project. */
function createRunnerTools(
  { workspace }: EdgeParts,
  { projects }: Needed,
  principal: Principal,
  findName: () => Promise<string | null>,
): RunnerTools {
  return {
    async testServer(server) {
      const project = await projects.find(principal, await findName());
      return workspace(project.workspace_id).testServer(identityOf(principal, project), server);
    },
  };
}

async function projectAt(
  { db }: EdgeParts,
  { sessions }: Needed,
  principal: Principal,
  { scope, scope_id }: Place,
): Promise<string | null> {
  if (scope === "session") return (await sessions.get(principal, scope_id)).session.project;
  if (scope !== "project") return null;
  const isIt = and(eq(projectRows.id, scope_id), eq(projectRows.teamId, principal.team_id));
  return (await db.select({ name: projectRows.name }).from(projectRows).where(isIt).get())?.name ?? null;
}
