// MCP servers as tools use them: added, changed, removed, shown and tested at one scope.
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";
import type { Place } from "../../shared/configuration/place.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { type BuiltInServers, findBuiltIn, withBuiltIn } from "../../shared/mcp-servers/built-in-servers.ts";
import { refuseSecrets } from "../../shared/mcp-servers/read-pasted.ts";
import { isRemote, type McpServer, mcpServerSchema } from "../../shared/mcp-servers/server-schema.ts";
import { isWideningServer } from "../../shared/mcp-servers/server-widening.ts";
import { explainUrlRefusal, judgeUrl, type UrlRules } from "../../shared/outbound/url-policy.ts";
import { replaceReferences } from "../../shared/secrets/secret-reference.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { LiftedFrom, LiftedSecretStore } from "../secrets/lifted-secret-store.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import type { ConnectionStore } from "./connections/connection-store.ts";
import type { HealthStore } from "./health-store.ts";
import { keepSecrets } from "./keep-secrets.ts";
import { namesOfSecrets } from "./open-server.ts";
import type { RunnerTools } from "./runner-tools.ts";
import { keyOf, noServer } from "./server-key.ts";
import type { ServerTester, TestResult } from "./server-tester.ts";
import { type ServerView, toServerView } from "./server-view.ts";

export type KeepRequest = {
  place: Place;
  name: string;
  server: McpServer;
  keepIfFailing: boolean;
  client: string | null;
};

export type Kept = {
  /** Null when nothing was kept. */
  outcome: ChangeOutcome | null;
  test: TestResult;
  /** Secrets that were taken out of the definition, by the names that stand there now. */
  secrets: string[];
};

type Named = { name: string; server: McpServer };

export type ServerService = {
  /** Adds a server, or puts another definition in the place of one. */
  keep(principal: Principal, request: KeepRequest): Promise<Kept>;
  /** Several: tested at the same time, kept one after the other. A refusal is one of its own. */
  keepAll(principal: Principal, requests: readonly KeepRequest[]): Promise<(Kept | AppError)[]>;
  find(principal: Principal, place: Place, name: string): Promise<McpServer>;
  remove(principal: Principal, request: Pick<KeepRequest, "place" | "name" | "client">): Promise<ChangeOutcome>;
  list(principal: Principal, place: Place): Promise<ServerView[]>;
  /** After a removal that a person agreed to: takes away what was kept for the server. */
  forget(principal: Principal, place: Place, gone: Named): Promise<void>;
  /** After a refusal: takes away what was kept for a definition that nobody wanted. */
  dropRefused(principal: Principal, place: Place, refused: Named): Promise<void>;
  test(principal: Principal, place: Place, name: string, sandbox: RunnerTools): Promise<TestResult>;
};

export type ServerServiceParts = {
  configuration: Pick<ConfigurationService, "items" | "change">;
  secrets: Pick<SecretStore, "list">;
  lifted: LiftedSecretStore;
  connections: ConnectionStore;
  health: HealthStore;
  tester: ServerTester;
  rules: UrlRules;
  builtIn: BuiltInServers;
};

export function createServerService(parts: ServerServiceParts): ServerService {
  const find = async (principal: Principal, place: Place, name: string): Promise<McpServer> => {
    const server = await findStanding(parts, principal, place, name);
    if (server === null) throw noServer(name);
    return server;
  };
  return {
    find,
    keep: async (principal, request) => keep(parts, principal, await tryOut(parts, principal, request)),
    async keepAll(principal, requests) {
      const tried = await Promise.all(requests.map((request) => tryOut(parts, principal, request).catch(toRefusal)));
      const kept: (Kept | AppError)[] = [];
      for (const one of tried) {
        kept.push(one instanceof AppError ? one : await keep(parts, principal, one).catch(toRefusal));
      }
      return kept;
    },
    async remove(principal, { place, name, client }) {
      const server = await findOrNull(parts, principal, place, name);
      const isGiven = place.scope === "team" && findBuiltIn(parts.builtIn, name) !== null;
      if (server === null) throw isGiven ? builtInStays(name) : noServer(name);
      const outcome = await change(parts, principal, { place, name, value: null, client, verb: "remove" });
      if (outcome.outcome !== "proposed") await forget(parts, principal, place, { name, server });
      return outcome;
    },
    list: (principal, place) => list(parts, principal, place),
    forget: (principal, place, gone) => forget(parts, principal, place, gone),
    dropRefused: ({ team_id }, place, refused) => parts.lifted.dropRefused(team_id, place, liftedFrom(refused)),
    async test(principal, place, name, sandbox) {
      const server = await find(principal, place, name);
      if (!server.enabled) throw new AppError("invalid_argument", `${name} is switched off. Switch it on to test it.`);
      return parts.tester.kept(keyOf(principal, place, name), server, sandbox);
    },
  };
}

function builtInStays(name: string): AppError {
  const message = `${name} is given to every team. Switch it off for yours: mcp_update with enabled false.`;
  return new AppError("invalid_argument", message);
}

function toRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** What a request comes to before anything of it is kept. */
type Tried = { request: KeepRequest; before: McpServer | null; test: TestResult };

/** Until a person agreed, stored secrets and the sandbox are left alone. */
async function tryOut(parts: ServerServiceParts, principal: Principal, request: KeepRequest): Promise<Tried> {
  const { place, name, server } = request;
  refuseUnfit(server, parts.rules);
  const before = await findStanding(parts, principal, place, name);
  const isNew = server.enabled && isWideningServer(before, server);
  const test = isNew ? await parts.tester.proposed(server) : NOT_TESTED;
  return { request, before, test };
}

const NOT_TESTED: TestResult = { tested: false, ok: true, tools: [], problem: null, message: null };

async function keep(parts: ServerServiceParts, principal: Principal, { request, before, test }: Tried): Promise<Kept> {
  const { place, name, server, client } = request;
  if (test.tested && !test.ok && test.problem !== "needs_sign_in" && !request.keepIfFailing) {
    return { outcome: null, test, secrets: [] };
  }
  // First the secrets: a definition never names one that is not there.
  const lifted = await keepSecrets(parts, principal, place, { name, server });
  const verb = before === null ? "add" : "change";
  const value = lifted.server;
  try {
    const outcome = await change(parts, principal, { place, name, value, client, verb });
    return { outcome, test, secrets: lifted.names };
  } catch (error) {
    await parts.lifted.dropRefused(principal.team_id, place, liftedFrom({ name, server: value }));
    throw error;
  }
}

function refuseUnfit(server: McpServer, rules: UrlRules): void {
  const why = refuseSecrets(server);
  if (why !== null) throw new AppError("invalid_argument", why);
  if (!isRemote(server)) return;
  const verdict = judgeUrl(
    replaceReferences(server.url, () => "x"),
    rules,
  );
  if (!verdict.ok) {
    throw new AppError("address_refused", `This address is not asked. ${explainUrlRefusal(verdict.refusal)}`);
  }
}

async function findOrNull(
  parts: ServerServiceParts,
  principal: Principal,
  place: Place,
  name: string,
): Promise<McpServer | null> {
  const items = await parts.configuration.items(place, principal);
  const found = items.find((item) => item.kind === "mcp_server" && item.name === name);
  const parsed = mcpServerSchema.safeParse(found?.value);
  return parsed.success ? parsed.data : null;
}

/** The place's own, or at the team's place the one that is given to every team. */
async function findStanding(
  parts: ServerServiceParts,
  principal: Principal,
  place: Place,
  name: string,
): Promise<McpServer | null> {
  const own = await findOrNull(parts, principal, place, name);
  return own ?? (place.scope === "team" ? findBuiltIn(parts.builtIn, name) : null);
}

type ServerChange = { place: Place; name: string; value: McpServer | null; client: string | null; verb: string };

function change(
  { configuration }: ServerServiceParts,
  principal: Principal,
  { place, name, value, client, verb }: ServerChange,
): Promise<ChangeOutcome> {
  const changes = [{ kind: "mcp_server" as const, name, value }];
  return configuration.change(principal, { place, changes, summary: `${verb} MCP server ${name}`, client });
}

/** What was kept for a server that is gone: sign-ins, what is known of it, and its secrets. */
async function forget(parts: ServerServiceParts, principal: Principal, place: Place, gone: Named): Promise<void> {
  const key = { team_id: principal.team_id, place, name: gone.name };
  await parts.connections.removeAll(key);
  await parts.health.remove(key);
  await parts.lifted.dropRemoved(principal.team_id, place, liftedFrom(gone));
}

function liftedFrom({ name, server }: Named): LiftedFrom {
  return { server: name, names: isRemote(server) ? namesOfSecrets(server) : [] };
}

async function list(parts: ServerServiceParts, principal: Principal, place: Place): Promise<ServerView[]> {
  const { team_id, user_id } = principal;
  const [items, health, secrets, signedIn] = await Promise.all([
    parts.configuration.items(place, principal),
    parts.health.at(team_id, place),
    parts.secrets.list(team_id, place),
    parts.connections.list({ team_id, user_id, place }),
  ]);
  const secretNames = new Set(secrets.map(({ name }) => name));
  const placed = items.map(({ kind, name, value }) => ({ kind, name, value, scope: place.scope }));
  const own = new Set(placed.filter(({ kind }) => kind === "mcp_server").map(({ name }) => name));
  return (place.scope === "team" ? withBuiltIn(placed, parts.builtIn) : placed)
    .filter(({ kind }) => kind === "mcp_server")
    .flatMap(({ name, value }) => {
      const parsed = mcpServerSchema.safeParse(value);
      if (!parsed.success) return [];
      const connection = signedIn.get(name);
      const isHere = isRemote(parsed.data) && connection?.url === parsed.data.url;
      const signedInAt = isHere ? connection.connected_at : null;
      const known = { health: health.get(name), secretNames, signedInAt, builtIn: !own.has(name) };
      return [toServerView(place, name, parsed.data, known)];
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
