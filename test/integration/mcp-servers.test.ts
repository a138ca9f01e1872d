import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Place } from "../../src/shared/configuration/place.ts";
import type { BuiltInServers } from "../../src/shared/mcp-servers/built-in-servers.ts";
import { answer } from "../../src/shared/errors/app-error.ts";
import { type McpServer, mcpServerSchema } from "../../src/shared/mcp-servers/server-schema.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { newTicket, sha256Hex } from "../../src/worker/attachments/upload-ticket.ts";
import { createConfigurationService } from "../../src/worker/configuration/configuration-service.ts";
import { createConfigurationStore } from "../../src/worker/configuration/configuration-store.ts";
import { createPlaceResolver } from "../../src/worker/configuration/place-resolver.ts";
import { createProposalService } from "../../src/worker/configuration/proposal-service.ts";
import { createProposalStore } from "../../src/worker/configuration/proposal-store.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { composeServers } from "../../src/worker/mcp-servers/compose-servers.ts";
import { withServerFollowUps } from "../../src/worker/mcp-servers/proposal-follow-ups.ts";
import { createServerFinder } from "../../src/worker/mcp-servers/server-finder.ts";
import { createGuardedFetch } from "../../src/worker/outbound/guarded-fetch.ts";
import { createSealer } from "../../src/worker/secrets/sealer.ts";
import { createSecretStore } from "../../src/worker/secrets/secret-store.ts";
import { type AuthorizationServer, createAuthorizationServer } from "../support/mcp-servers/authorization-server.ts";
import { newUuid } from "../support/seed-checkpoint.ts";

const ORIGIN = "https://mcp.example.com";
const db = createDatabase(env.DB);
const now = () => new Date();
const keyOf = (id: string) => ({ id, bytes: crypto.getRandomValues(new Uint8Array(32)) });
const key = keyOf("one");
const sealer = createSealer([key], crypto);

/** The outside world: one server that speaks MCP, behind whatever the test wants. */
let world: (request: Request) => Promise<Response> | Response;
let seen: { url: string; authorization: string | null }[];
const guarded = createGuardedFetch({
  async fetch(url, init) {
    const request = new Request(url, init);
    seen.push({ url, authorization: request.headers.get("authorization") });
    return world(request);
  },
  resolve: async (name) => (name.endsWith(".example.com") ? ["93.184.215.14"] : []),
  rules: { allowLoopback: false, ownOrigin: "https://berth.test" },
});

const proposals = createProposalService({
  store: createProposalStore({ db, now, newId: newUuid }),
  publicUrl: "https://berth.test",
  newId: newUuid,
  now,
});
const configure = (builtIn: BuiltInServers) =>
  createConfigurationService({
    store: createConfigurationStore({ db, now }),
    proposals,
    places: createPlaceResolver({
      findProject: () => Promise.reject(new Error("not asked here")),
      session: () => ({ getSession: () => Promise.reject(new Error("not asked here")) }),
    }),
    builtIn,
  });

const compose = (builtIn: BuiltInServers = {}) =>
  composeServers({
    db,
    sealer,
    guarded,
    rules: { allowLoopback: false, ownOrigin: "https://berth.test" },
    builtIn,
    publicUrl: "https://berth.test",
    version: "1",
    configuration: configure(builtIn),
    session: () => ({ admitServerRequest: () => Promise.reject(new Error("not asked here")) }),
    verifyToken: async () => null,
    newTicket,
    sha256Hex,
    now,
    waitUntil: (work) => void work,
    sandboxOf: () => NO_SANDBOX,
    logger: { log: () => undefined, logUnexpected: () => "event" },
  });
const servers = compose();
const NO_SANDBOX = { testServer: () => Promise.reject(new Error("not asked here")) };

let owner: Principal;
let user: Place;
beforeEach(async () => {
  seen = [];
  world = mcp;
  const team_id = newUuid();
  await env.DB.prepare("INSERT INTO teams (id, name, created_at) VALUES (?, 'a team', '2026-01-01')")
    .bind(team_id)
    .run();
  owner = { user_id: newUuid(), team_id, role: "owner" };
  user = { scope: "user", scope_id: owner.user_id };
});

/** As much of a 2025 server as a test of the connection needs. */
async function mcp(request: Request): Promise<Response> {
  if (request.method !== "POST") return new Response(null, { status: 405 });
  const message = (await request.json()) as { id?: number; method: string };
  const result = {
    initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "t", version: "1" } },
    "tools/list": { tools: [{ name: "echo", inputSchema: { type: "object" } }] },
  }[message.method];
  if (message.id === undefined) return new Response(null, { status: 202 });
  if (result === undefined) {
    return Response.json({ jsonrpc: "2.0", id: message.id, error: { code: -32601, message: "no" } });
  }
  return Response.json({ jsonrpc: "2.0", id: message.id, result });
}

const http = (more: object = {}): McpServer => mcpServerSchema.parse({ type: "http", url: `${ORIGIN}/mcp`, ...more });
const keep = (server: McpServer, more: object = {}) =>
  servers.service.keep(owner, { place: user, name: "test", server, keepIfFailing: false, client: "client-1", ...more });
async function confirm(kept: Awaited<ReturnType<typeof keep>>): Promise<void> {
  if (kept.outcome?.outcome !== "proposed") throw new Error(`not proposed: ${JSON.stringify(kept)}`);
  await proposals.confirm(owner, kept.outcome.proposal_id);
}
const secretNames = async () => (await servers.secrets.list(owner.team_id, user)).map(({ name }) => name);

/** Every value of every table. */
async function dumpDatabase(): Promise<string> {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{
    name: string;
  }>();
  const names = results.map(({ name }) => name).filter((name) => !/^(_cf|sqlite_|d1_)/.test(name));
  const tables = await Promise.all(names.map((name) => env.DB.prepare(`SELECT * FROM "${name}"`).all()));
  return JSON.stringify(tables.map((table) => table.results));
}

describe("a secret", () => {
  const secret = (value: string) => ({ name: "KEY", value, madeFor: null, createdBy: owner.user_id });

  it("lies sealed in the database, and opens for its own team, place and name alone [secrets.sealed]", async () => {
    const store = createSecretStore({ db, sealer, now });
    await store.put(owner.team_id, user, secret("the-plain-value"));
    expect(await dumpDatabase()).not.toContain("the-plain-value");
    expect(await store.read(owner.team_id, user, "KEY")).toBe("the-plain-value");
    expect(await store.read(owner.team_id, { ...user, scope: "team" }, "KEY")).toBeNull();
    // Moved to another name, place or team, the row opens no more.
    for (const change of [
      "name = 'OTHER'",
      `scope_id = '${newUuid()}'`,
      `team_id = '${newUuid()}'`,
      "scope = 'team'",
    ]) {
      await store.put(owner.team_id, user, secret("the-plain-value"));
      await env.DB.prepare(`UPDATE secrets SET ${change} WHERE team_id = ?`).bind(owner.team_id).run();
      const row = await env.DB.prepare("SELECT * FROM secrets ORDER BY rowid DESC LIMIT 1").first<
        Record<string, string>
      >();
      const place = { scope: row!["scope"], scope_id: row!["scope_id"] } as Place;
      expect(await store.read(row!["team_id"]!, place, row!["name"]!), change).toBeNull();
      await env.DB.prepare("DELETE FROM secrets").run();
    }
  });

  it("is sealed differently each time, and opens under an older key as long as that is known [secrets.sealed]", async () => {
    const [first, second] = [await sealer.seal("same", ["a"]), await sealer.seal("same", ["a"])];
    expect(first).not.toBe(second);
    const two = keyOf("two");
    const newer = createSealer([two, key], crypto);
    // With its use a secret moves to the newest key: after that the older one is not needed any more.
    await createSecretStore({ db, sealer, now }).put(owner.team_id, user, secret("moved"));
    for (const known of [newer, createSealer([two], crypto)]) {
      expect(await createSecretStore({ db, sealer: known, now }).read(owner.team_id, user, "KEY")).toBe("moved");
    }
    expect(await newer.open(first, ["a"])).toBe("same");
    expect(newer.isOld(first)).toBe(true);
    expect(await newer.seal("same", ["a"])).toMatch(/^v1\.two\./);
    expect(await createSealer([keyOf("two")], crypto).open(first, ["a"])).toBeNull();
    expect(await sealer.open(`${first}x`, ["a"])).toBeNull();
    expect(await sealer.open(first.replace("v1", "v2"), ["a"])).toBeNull();
  });
});

describe("adding a server", () => {
  it("tests it, keeps its secrets sealed, and waits for a person [servers.added]", async () => {
    const kept = await keep(http({ headers: { Authorization: "Bearer the-literal-key-1234" } }));
    expect(kept).toMatchObject({ test: { tested: true, ok: true, tools: ["echo"] }, secrets: ["TEST_AUTHORIZATION"] });
    expect(kept.outcome).toMatchObject({ outcome: "proposed" });
    expect(seen.at(-1)?.authorization).toBe("Bearer the-literal-key-1234");
    expect(await servers.service.list(owner, user)).toEqual([]);
    await confirm(kept);
    const [view] = await servers.service.list(owner, user);
    expect(view).toMatchObject({
      headers: { Authorization: "Bearer ${secret:TEST_AUTHORIZATION}" },
      secrets: [{ name: "TEST_AUTHORIZATION", set: true }],
    });
    expect(JSON.stringify(view) + (await dumpDatabase())).not.toContain("the-literal-key-1234");
    const test = await servers.service.test(owner, user, "test", NO_SANDBOX);
    expect(test).toMatchObject({ ok: true, tools: ["echo"] });
    expect(seen.at(-1)?.authorization).toBe("Bearer the-literal-key-1234");
    expect((await servers.service.list(owner, user))[0]?.health).toMatchObject({ problem: null, tools: 1 });
  });

  it("shows no secret that a server puts into the name of a tool [secrets.nowhere]", async () => {
    await confirm(await keep(http({ headers: { "X-Key": "the-literal-key-1234" } })));
    world = async (request) => {
      const answered = await mcp(request);
      const text = (await answered.text()).replace("echo", `leak_${request.headers.get("x-key")}`);
      return new Response(text === "" ? null : text, answered);
    };
    const test = await servers.service.test(owner, user, "test", NO_SANDBOX);
    expect(test).toMatchObject({ ok: true, tools: ["leak_[redacted]"] });
  });

  it("keeps nothing of one that fails, unless told to [servers.test]", async () => {
    world = () => new Response("private words", { status: 500 });
    const failed = await keep(http({ headers: { Authorization: "Bearer the-literal-key-1234" } }));
    expect(failed).toMatchObject({ outcome: null, test: { ok: false, problem: "refused" }, secrets: [] });
    expect(JSON.stringify(failed)).not.toContain("private words");
    expect(await secretNames()).toEqual([]);
    const told = await keep(http(), { keepIfFailing: true });
    expect(told.outcome).toMatchObject({ outcome: "proposed" });
    world = () => new Response(null, { status: 401 });
    expect((await keep(http())).test).toMatchObject({ problem: "needs_sign_in" });
  });

  it.each([
    "https://169.254.169.254/mcp",
    "http://mcp.example.com/mcp",
    "https://localhost/mcp",
    "https://berth.test/mcp",
  ])("asks no address that is not public: %s [servers.guard]", async (url) => {
    await expect(keep(http({ url }), { keepIfFailing: true })).rejects.toMatchObject({ code: "address_refused" });
    expect(seen).toEqual([]);
  });

  it("neither sends a stored secret nor starts a program before a person agreed [servers.consent]", async () => {
    const value = "the-stored-key-1234";
    await servers.secrets.put(owner.team_id, user, { name: "KEY", value, madeFor: null, createdBy: owner.user_id });
    const kept = await keep(http({ url: "https://evil.example.com/mcp", headers: { "X-Key": "${secret:KEY}" } }));
    expect(kept.outcome).toMatchObject({ outcome: "proposed" });
    const inPath = await keep(http({ url: "https://evil.example.com/${secret:KEY}" }));
    expect(inPath.test).toMatchObject({ tested: false });
    expect(JSON.stringify(seen)).not.toContain(value);
    const program = mcpServerSchema.parse({ type: "stdio", command: "touch", args: ["x"] });
    expect((await keep(program)).test).toMatchObject({ tested: false });
  });

  it("does neither in the guise of one that is switched off [servers.consent]", async () => {
    await confirm(await keep(http({ headers: { "X-Key": "a-literal-key-1234" } })));
    const off = { enabled: false, url: "https://evil.example.com/mcp", headers: { "X-Key": "${secret:TEST_X_KEY}" } };
    expect((await keep(http(off))).outcome).toMatchObject({ outcome: "proposed" });
    const program = mcpServerSchema.parse({ type: "stdio", command: "touch", args: ["x"], enabled: false });
    expect((await keep(program)).outcome).toMatchObject({ outcome: "proposed" });

    expect((await keep(http({ enabled: false, headers: { "X-Key": "${secret:TEST_X_KEY}" } }))).outcome).toMatchObject({
      outcome: "applied",
    });
    const sandbox = { testServer: () => Promise.reject(new Error("nothing is started")) };
    await expect(servers.service.test(owner, user, "test", sandbox)).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  it("that is switched off is not asked, and one that is given to every team is switched off at once [servers.built_in]", async () => {
    const given = compose({ docs: http() }).service;
    const place: Place = { scope: "team", scope_id: owner.team_id };
    const request = { place, name: "docs", keepIfFailing: false, client: null };
    world = () => new Response(null, { status: 500 });
    const off = await given.keep(owner, { ...request, server: http({ enabled: false }) });
    expect(off).toMatchObject({ outcome: { outcome: "applied" }, test: { tested: false } });
    expect(seen).toEqual([]);
    expect(await given.list(owner, place)).toMatchObject([{ name: "docs", enabled: false }]);
    // Without the team's own it would be there again.
    expect(await given.remove(owner, request)).toMatchObject({ outcome: "proposed" });
    expect(await given.list(owner, place)).toMatchObject([{ name: "docs", enabled: false }]);
    const evil = await given.keep(owner, { ...request, server: http({ enabled: false, url: `${ORIGIN}/other` }) });
    expect(evil.outcome).toMatchObject({ outcome: "proposed" });
  });

  it("leaves nothing behind whose removal a person agreed to [servers.proposal]", async () => {
    await confirm(await keep(http({ allowed_tools: ["echo"], headers: { "X-Key": "a-literal-key-1234" } })));
    const removed = await servers.service.remove(owner, { place: user, name: "test", client: null });
    expect(await secretNames()).toEqual(["TEST_X_KEY"]);
    const pending: Promise<unknown>[] = [];
    const answered = withServerFollowUps(proposals, {
      ...servers,
      sandboxAt: () => NO_SANDBOX,
      waitUntil: (work) => void pending.push(work),
    });
    if (removed.outcome !== "proposed") throw new Error("it hid what another scope may have");
    await answered.confirm(owner, removed.proposal_id);
    await Promise.all(pending);
    expect(await secretNames()).toEqual([]);
    expect(await servers.service.list(owner, user)).toEqual([]);
  });

  it("uses secrets of its own scope alone [secrets.scope]", async () => {
    const team: Place = { scope: "team", scope_id: owner.team_id };
    await servers.secrets.put(owner.team_id, team, {
      name: "KEY",
      value: "of-the-team",
      madeFor: null,
      createdBy: "x",
    });
    await confirm(await keep(http({ headers: { "X-Key": "${secret:KEY}" } })));
    expect(await servers.service.test(owner, user, "test", NO_SANDBOX)).toMatchObject({ problem: "secret_missing" });
    expect(JSON.stringify(seen)).not.toContain("of-the-team");
  });

  /** The answers of a person, with all that follows from them. */
  const answering = () => {
    const pending: Promise<unknown>[] = [];
    const waitUntil = (work: Promise<unknown>) => void pending.push(work);
    const answered = withServerFollowUps(proposals, { ...servers, sandboxAt: () => NO_SANDBOX, waitUntil });
    return { ...answered, settled: () => Promise.all(pending) };
  };
  const idOf = ({ outcome }: Awaited<ReturnType<typeof keep>>): string =>
    outcome?.outcome === "proposed" ? outcome.proposal_id : "";

  it("leaves nothing of a definition that a person refused [secrets.lifted]", async () => {
    const kept = await keep(http({ headers: { "X-Key": "the-literal-key-1234" } }));
    expect(await secretNames()).toEqual(["TEST_X_KEY"]);
    const answered = answering();
    await answered.refuse(owner, idOf(kept));
    await answered.settled();
    expect(await secretNames()).toEqual([]);
    // Agreed to, it is tested, and what it needs stays.
    const again = await keep(http({ headers: { "X-Key": "the-literal-key-1234" } }));
    seen = [];
    await answered.confirm(owner, idOf(again));
    await answered.settled();
    expect(seen.length).toBeGreaterThan(0);
    expect((await servers.service.list(owner, user))[0]?.health).toMatchObject({ problem: null, tools: 1 });
  });

  it("leaves what another open proposal needs, when one is refused [secrets.lifted]", async () => {
    const first = await keep(http({ headers: { "X-Key": "the-first-key-1234" } }));
    const second = await keep(http({ headers: { "X-Key": "the-second-key-1234" } }));
    const third = await keep(http({ url: `${ORIGIN}/other`, headers: { "X-Key": "${secret:TEST_X_KEY}" } }));
    const person = answering();
    await person.refuse(owner, idOf(first));
    await person.settled();
    expect(await secretNames()).toEqual(["TEST_X_KEY", "TEST_X_KEY_2"]);
    await person.refuse(owner, idOf(third));
    await person.settled();
    expect(await secretNames()).toEqual(["TEST_X_KEY_2"]);
    await person.confirm(owner, idOf(second));
    await person.settled();
    expect(await servers.service.test(owner, user, "test", NO_SANDBOX)).toMatchObject({ ok: true });
    expect(seen.at(-1)?.url).toBe(`${ORIGIN}/mcp`);
  });

  it("leaves what an open proposal brought, when the server goes that it is about [secrets.lifted]", async () => {
    const first = await keep(http({ headers: { "X-Key": "the-first-key-1234" } }));
    await keep(http({ headers: { "X-Key": "the-second-key-1234" } }));
    await confirm(first);
    await confirm(await keep(http({ headers: { "X-Key": "the-third-key-1234" } })));
    expect(await secretNames()).toEqual(["TEST_X_KEY", "TEST_X_KEY_2", "TEST_X_KEY_3"]);
    await servers.service.remove(owner, { place: user, name: "test", client: null });
    // The second one can be confirmed now that there is none; what the server had before goes with it.
    expect(await secretNames()).toEqual(["TEST_X_KEY_2"]);
  });

  it("takes no name that another definition waits for [secrets.lifted]", async () => {
    const waiting = http({ url: "https://evil.example.com/mcp", headers: { "X-Key": "${secret:TEST_X_KEY}" } });
    await keep(waiting, { name: "other" });
    expect((await keep(http({ headers: { "X-Key": "a-literal-key-1234" } }))).secrets).toEqual(["TEST_X_KEY_2"]);
    await confirm(await keep(http({ headers: { "X-Key": "${secret:NEW_X_KEY}" } }), { name: "another" }));
    const named = await keep(http({ headers: { "X-Key": "a-literal-key-1234" } }), { name: "new" });
    expect(named.secrets).toEqual(["NEW_X_KEY_2"]);
    // Nor one that another of its own headers names.
    const own = { "X-Key": "a-literal-key-1234", "X-Other": "${secret:OWN_X_KEY}" };
    expect((await keep(http({ headers: own }), { name: "own" })).secrets).toEqual(["OWN_X_KEY_2"]);
  });

  it("gives each of several at once a name of its own [secrets.lifted]", async () => {
    const values = ["a-literal-key-1234", "b-literal-key-1234", "c-literal-key-1234"];
    const kept = await Promise.all(values.map((value) => keep(http({ headers: { "X-Key": value } }))));
    const names = kept.map(({ secrets }) => secrets[0] ?? "");
    const read = await Promise.all(names.map((name) => servers.secrets.read(owner.team_id, user, name)));
    expect(read).toEqual(values);
  });

  it("leaves nothing of what could not be proposed, and of what nobody answered in time [secrets.lifted]", async () => {
    const kept = await keep(http({ headers: { "X-Key": "the-literal-key-1234" } }));
    const age = (hours: number) =>
      env.DB.prepare("UPDATE secrets SET updated_at = ?")
        .bind(new Date(Date.now() - hours * 3_600_000).toISOString())
        .run();
    await age(2);
    await servers.sweep();
    expect(await secretNames()).toEqual(["TEST_X_KEY"]);
    await env.DB.prepare("UPDATE proposals SET expires_at = '2026-01-01' WHERE id = ?").bind(idOf(kept)).run();
    // What was kept just now may be about to be proposed; what a person entered stays.
    const persons = { name: "MINE", value: "x", madeFor: null, createdBy: owner.user_id };
    await servers.secrets.put(owner.team_id, user, persons);
    await age(0);
    await servers.sweep();
    expect(await secretNames()).toEqual(["MINE", "TEST_X_KEY"]);
    await age(2);
    await servers.sweep();
    expect(await secretNames()).toEqual(["MINE"]);

    const open = Array.from({ length: 50 }, (_, index) => keep(http({ url: `${ORIGIN}/${index}` }), { name: "many" }));
    await Promise.all(open);
    const refused = keep(http({ headers: { "X-Key": "the-literal-key-1234" } }));
    await expect(refused).rejects.toMatchObject({ code: "too_many_proposals" });
    expect(await secretNames()).toEqual(["MINE"]);
  });

  it("keeps what a version that can be restored names [secrets.lifted]", async () => {
    await confirm(await keep(http({ headers: { "X-Key": "the-first-key-1234" } })));
    await confirm(await keep(http({ headers: { "X-Key": "the-second-key-1234" } })));
    await env.DB.prepare("UPDATE secrets SET updated_at = '2026-01-01'").run();
    await servers.sweep();
    expect(await secretNames()).toEqual(["TEST_X_KEY", "TEST_X_KEY_2"]);
  });

  it("never overwrites a secret that is there [secrets.lifted]", async () => {
    const there = { name: "TEST_X_KEY", value: "the-persons-own", madeFor: null, createdBy: owner.user_id };
    await servers.secrets.put(owner.team_id, user, there);
    expect((await keep(http({ headers: { "X-Key": "the-models-own" } }))).secrets).toEqual(["TEST_X_KEY_2"]);
    expect(await servers.secrets.read(owner.team_id, user, "TEST_X_KEY")).toBe("the-persons-own");
  });
});

describe("a server that is there", () => {
  it("may be narrowed at once [servers.proposal]", async () => {
    await confirm(await keep(http()));
    const server = await servers.service.find(owner, user, "test");
    expect((await keep({ ...server, allowed_tools: ["echo"] })).outcome).toMatchObject({ outcome: "applied" });
    expect((await keep({ ...server, allowed_tools: ["echo", "more"] })).outcome).toMatchObject({ outcome: "proposed" });
  });

  it("is removed with what was made for it [servers.proposal]", async () => {
    await confirm(await keep(http({ headers: { "X-Key": "the-literal-key-1234" } })));
    expect(await secretNames()).toEqual(["TEST_X_KEY"]);
    const removed = await servers.service.remove(owner, { place: user, name: "test", client: null });
    expect(removed).toMatchObject({ outcome: "applied" });
    expect(await secretNames()).toEqual([]);
    await expect(servers.service.find(owner, user, "test")).rejects.toMatchObject({ code: "mcp_server_not_found" });
  });

  it("is reached by nobody whose narrower scope has one of its name that cannot be read [configuration.unreadable]", async () => {
    await confirm(await keep(http()));
    const [project_id, session_id] = [newUuid(), newUuid()];
    const session = { team_id: owner.team_id, owner_id: owner.user_id, project_id, session_id };
    const find = createServerFinder(db, {});
    expect(await find(session, "test")).toMatchObject({ place: user });
    await env.DB.prepare(
      `INSERT INTO configuration_items VALUES (?, 'project', ?, 'mcp_server', 'test', '{"enabled":"no"}', 1, 'x', 'x')`,
    )
      .bind(owner.team_id, project_id)
      .run();
    expect(await find(session, "test")).toBeNull();
    expect(await find({ ...session, project_id: newUuid() }, "test")).toMatchObject({ place: user });
  });

  it("that is a program is started in the sandbox for its test [servers.test]", async () => {
    await confirm(await keep(mcpServerSchema.parse({ type: "stdio", command: "serve", args: ["x"] })));
    const asked: unknown[] = [];
    const sandbox = {
      testServer: async (server: unknown) => {
        asked.push(server);
        return answer({ ok: false as const, problem: "did_not_start" as const, message: "no" });
      },
    };
    expect(await servers.service.test(owner, user, "test", sandbox)).toMatchObject({ problem: "did_not_start" });
    expect(asked).toEqual([{ command: "serve", args: ["x"], env: {} }]);
    expect((await servers.service.list(owner, user))[0]?.health.problem).toBe("did_not_start");
  });
});

describe("a server that asks for a sign-in", () => {
  const place = () => ({ team_id: owner.team_id, user_id: owner.user_id, place: user, name: "test" });
  const url = `${ORIGIN}/mcp`;
  let authority: AuthorizationServer;
  beforeEach(() => {
    authority = createAuthorizationServer(ORIGIN, { resource: url });
    world = async (request) => {
      const own = await authority.handle(request);
      if (own !== null) return own;
      if (authority.accepts(request.headers.get("authorization"))) return mcp(request);
      return new Response(null, { status: 401, headers: { "www-authenticate": authority.challenge() } });
    };
  });

  /** As a person in a browser: on to the server's page, which agrees, and back. */
  async function visit(page: URL): Promise<{ state: string; code: string; iss: string | null }> {
    const sent = await authority.handle(new Request(page));
    const { searchParams } = new URL(sent!.headers.get("location")!);
    return { state: searchParams.get("state")!, code: searchParams.get("code")!, iss: searchParams.get("iss") };
  }
  const signIn = async () => servers.signIns.finish(owner, await visit(await servers.signIns.begin(place(), url)));
  const test = () => servers.service.test(owner, user, "test", NO_SANDBOX);

  it("is connected once by the person, whose tokens lie sealed [servers.oauth]", async () => {
    await confirm(await keep(http()));
    expect(await test()).toMatchObject({ problem: "needs_sign_in" });
    const page = await servers.signIns.begin(place(), url);
    expect(page.origin).toBe(ORIGIN);
    expect(page.searchParams.get("code_challenge_method")).toBe("S256");
    expect(page.searchParams.get("resource")).toBe(url);
    const back = await visit(page);
    // Nobody else finishes it, and it is used up by the first who tries.
    const other = { ...owner, user_id: newUuid() };
    await expect(servers.signIns.finish(other, back)).rejects.toMatchObject({ code: "mcp_connect_refused" });
    await expect(servers.signIns.finish(owner, back)).rejects.toMatchObject({ code: "mcp_connect_refused" });
    expect(await signIn()).toEqual(place());
    expect(await test()).toMatchObject({ ok: true });
    expect((await servers.service.list(owner, user))[0]?.signed_in_at).not.toBeNull();
    const token = seen.at(-1)?.authorization?.replace("Bearer ", "") ?? "";
    expect(token).toMatch(/^at-/);
    const dump = await dumpDatabase();
    // Not by "at-" alone: what is sealed is random letters, too.
    expect(dump).not.toContain(token);
    expect(dump).not.toMatch(/[ar]t-[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it("is asked for a new token once, however many need one [servers.oauth_renewal]", async () => {
    authority = createAuthorizationServer(ORIGIN, { resource: url, expiresIn: 30 });
    await confirm(await keep(http()));
    await signIn();
    authority.grants.length = 0;
    // Three isolates, each with several requests.
    const isolates = [servers, compose(), compose()];
    const tests = isolates.flatMap((isolate) =>
      [1, 2, 3].map(() => isolate.service.test(owner, user, "test", NO_SANDBOX)),
    );
    for (const found of await Promise.all(tests)) expect(found).toMatchObject({ ok: true });
    expect(authority.grants).toEqual(["refresh_token"]);
  });

  it("has to be signed in at again once the sign-in does not hold [servers.oauth_renewal]", async () => {
    authority = createAuthorizationServer(ORIGIN, { resource: url, expiresIn: 30 });
    await confirm(await keep(http()));
    await signIn();
    authority.revokeAll();
    expect(await test()).toMatchObject({ problem: "needs_sign_in" });
    expect((await servers.service.list(owner, user))[0]?.signed_in_at).toBeNull();
  });

  it("gives its tokens to no other address [servers.oauth]", async () => {
    await confirm(await keep(http()));
    await signIn();
    await confirm(await keep(http({ url: "https://evil.example.com/mcp" }), { keepIfFailing: true }));
    seen = [];
    await test();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every(({ authorization }) => authorization === null)).toBe(true);
    expect((await servers.service.list(owner, user))[0]?.signed_in_at).toBeNull();
  });

  it("whose sign-in leads to a private address is not followed [servers.guard]", async () => {
    const evil = (answers: Record<string, object>) => {
      world = (request) => {
        const found = answers[new URL(request.url).pathname];
        return found === undefined ? new Response(null, { status: 404 }) : Response.json(found);
      };
    };
    evil({
      "/.well-known/oauth-protected-resource/mcp": { resource: url, authorization_servers: ["https://10.0.0.1"] },
    });
    await expect(servers.signIns.begin(place(), url)).rejects.toMatchObject({ code: "address_refused" });
    expect(seen.every((request) => request.url.startsWith(ORIGIN))).toBe(true);
    const metadata = {
      issuer: ORIGIN,
      authorization_endpoint: "https://192.168.0.1/authorize",
      token_endpoint: `${ORIGIN}/token`,
      registration_endpoint: `${ORIGIN}/register`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    };
    evil({
      "/.well-known/oauth-protected-resource/mcp": { resource: url, authorization_servers: [ORIGIN] },
      "/.well-known/oauth-authorization-server": metadata,
      "/register": { client_id: "c", redirect_uris: ["https://berth.test/mcp-servers/callback"] },
    });
    await expect(servers.signIns.begin(place(), url)).rejects.toMatchObject({ code: "mcp_connect_refused" });
  });

  it("that names no sign-in says so", async () => {
    world = () => new Response(null, { status: 404 });
    await expect(servers.signIns.begin(place(), url)).rejects.toThrow("no sign-in that can be used");
  });
});
