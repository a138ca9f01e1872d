// MCP servers as tools use them: added, changed, removed, shown and tested at one scope.
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";
import type { Place } from "../../shared/configuration/place.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { type BuiltInServers, findBuiltIn, withBuiltIn } from "../../shared/mcp-servers/built-in-servers.ts";
import { liftSecrets } from "../../shared/mcp-servers/lift-secrets.ts";
import { refuseSecrets } from "../../shared/mcp-servers/read-pasted.ts";
import { isRemote, type McpServer, mcpServerSchema } from "../../shared/mcp-servers/server-schema.ts";
import { isWideningServer } from "../../shared/mcp-servers/server-widening.ts";
import { explainUrlRefusal, judgeUrl, type UrlRules } from "../../shared/outbound/url-policy.ts";
import { replaceReferences } from "../../shared/secrets/secret-reference.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { MAX_SECRETS_PER_PLACE, type SecretStore } from "../secrets/secret-store.ts";
import type { ConnectionStore } from "./connections/connection-store.ts";
import type { HealthStore } from "./health-store.ts";
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

export type ServerService = {
  /** Adds a server, or puts another definition in the place of one. */
  keep(principal: Principal, request: KeepRequest): Promise<Kept>;
  /** Several: tested at the same time, kept one after the other. A refusal is one of its own. */
  keepAll(principal: Principal, requests: readonly KeepRequest[]): Promise<(Kept | AppError)[]>;
  find(principal: Principal, place: Place, name: string): Promise<McpServer>;
  remove(principal: Principal, request: Pick<KeepRequest, "place" | "name" | "client">): Promise<ChangeOutcome>;
  list(principal: Principal, place: Place): Promise<ServerView[]>;
  /** After a removal that a person agreed to: takes away what was kept for the server. */
  forget(principal: Principal, place: Place, name: string): Promise<void>;
  /** After a refusal: takes away what was kept for a definition that nobody wanted. */
  dropUnused(principal: Principal, place: Place, name: string): Promise<void>;
  test(principal: Principal, place: Place, name: string, sandbox: RunnerTools): Promise<TestResult>;
};

export type ServerServiceParts = {
  configuration: Pick<ConfigurationService, "items" | "change">;
  secrets: SecretStore;
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
      if (outcome.outcome !== "proposed") await forget(parts, principal, { place, name });
      return outcome;
    },
    list: (principal, place) => list(parts, principal, place),
    forget: (principal, place, name) => forget(parts, principal, { place, name }),
    dropUnused: (principal, place, name) => dropUnused(parts, principal, place, name),
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
  const taken = new Set((await parts.secrets.list(principal.team_id, place)).map((secret) => secret.name));
  const lifted = liftSecrets(name, server, (secret) => taken.has(secret));
  if (lifted.secrets.length > 0 && taken.size + lifted.secrets.length > MAX_SECRETS_PER_PLACE) throw tooManySecrets();
  // First the secrets: a definition never names one that is not there. One that nobody confirms names them to nobody.
  for (const { name: secret, value } of lifted.secrets) {
    const created = { name: secret, value, madeFor: name, createdBy: principal.user_id };
    await parts.secrets.put(principal.team_id, place, created);
  }
  const verb = before === null ? "add" : "change";
  const outcome = await change(parts, principal, { place, name, value: lifted.server, client, verb });
  return { outcome, test, secrets: lifted.secrets.map((secret) => secret.name) };
}

function tooManySecrets(): AppError {
  const message = `There are ${MAX_SECRETS_PER_PLACE} secrets at this scope already. A person removes some at the secrets_url of mcp_get.`;
  return new AppError("invalid_argument", message);
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
async function forget(
  parts: ServerServiceParts,
  principal: Principal,
  { place, name }: Pick<KeepRequest, "place" | "name">,
): Promise<void> {
  const { team_id } = principal;
  await parts.connections.removeAll({ team_id, place, name });
  await parts.health.remove({ team_id, place, name });
  await dropUnused(parts, principal, place, name);
}

/** Secrets that were made for this server and that no definition names. */
async function dropUnused(parts: ServerServiceParts, principal: Principal, place: Place, name: string): Promise<void> {
  const { team_id } = principal;
  const items = await parts.configuration.items(place, principal);
  const used = new Set(items.flatMap(({ value }) => namesIn(value)));
  const made = (await parts.secrets.list(team_id, place)).filter((secret) => secret.made_for === name);
  for (const secret of made) if (!used.has(secret.name)) await parts.secrets.remove(team_id, place, secret.name);
}

function namesIn(value: unknown): string[] {
  const parsed = mcpServerSchema.safeParse(value);
  return parsed.success && isRemote(parsed.data) ? namesOfSecrets(parsed.data) : [];
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
