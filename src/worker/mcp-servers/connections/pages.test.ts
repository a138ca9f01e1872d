import { beforeEach, describe, expect, it } from "vitest";
import { createSilentAudit } from "../../../../test/support/silent-audit.ts";
import type { Place } from "../../../shared/configuration/place.ts";
import { mcpServerSchema } from "../../../shared/mcp-servers/server-schema.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import { createBrowserSessions } from "../../auth/browser-session.ts";
import type { SecretRow } from "../../secrets/secret-store.ts";
import { createConnectRoutes } from "./connect-routes.tsx";
import { createSecretRoutes } from "./secret-routes.tsx";

const origin = "https://berth.example.com";
const id = (digit: number) => `00000000-0000-7000-8000-00000000000${digit}`;
const owner: Principal = { user_id: id(1), team_id: id(2), role: "owner" };
const server = (more: object = {}) =>
  mcpServerSchema.parse({ type: "http", url: "https://mcp.example.com/mcp", ...more });
const definitions: Record<string, ReturnType<typeof server>> = {
  linear: server({ headers: { "X-Key": "${secret:MISSING}" } }),
  hidden: server({ url: "https://mcp.example.com/${secret:A}" }),
  program: mcpServerSchema.parse({ type: "stdio", command: "x" }),
};

let kept: Map<string, string>;
let begun: { name: string; url: string }[];
let cookie = "";
const sessions = new Map<string, string>();
const browsers = createBrowserSessions({
  store: {
    insert: async ({ sha256, userId }) => void sessions.set(sha256, userId),
    find: async (sha256) => {
      const userId = sessions.get(sha256);
      return userId === undefined ? null : { userId, displayName: "Somebody" };
    },
    remove: async (sha256) => void sessions.delete(sha256),
  },
  readPrincipal: async () => owner,
  publicUrl: origin,
  newToken: () => "t".repeat(43),
  sha256Hex: async (bytes) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex"),
  subtle: crypto.subtle as never,
  nowMs: () => 0,
});
const own = (principal: Principal, place: Place) => Promise.resolve(place.scope_id === principal.user_id);
const audit = createSilentAudit();
const shared = {
  browsers,
  audit,
  newNonce: () => "nonce",
  logger: { log: () => undefined, logUnexpected: () => "event" },
};
const items = async () => Object.entries(definitions).map(([name, value]) => ({ kind: "mcp_server", name, value }));
const secretRoutes = createSecretRoutes({
  ...shared,
  mayChange: own,
  configuration: { items: items as never },
  secrets: {
    list: async () =>
      [...kept.keys()].map((name): SecretRow => ({ name, made_for: null, created_by: "", updated_at: "2026-01-01" })),
    read: () => Promise.reject(new Error("never read here")),
    put: async (_team, _place, { name, value }) => void kept.set(name, value),
    remove: async (_team, _place, name) => void kept.delete(name),
  },
});
const connectRoutes = createConnectRoutes({
  ...shared,
  publicUrl: origin,
  maySee: own,
  service: { find: async (_principal, _place, name) => definitions[name] ?? Promise.reject(new Error("none")) },
  signIns: {
    begin: async ({ name }, url) => {
      begun.push({ name, url });
      return new URL("https://auth.example.com/authorize?x=1");
    },
    finish: () => Promise.reject(new Error("not asked here")),
  },
});

beforeEach(async () => {
  kept = new Map();
  begun = [];
  cookie = (await browsers.begin(owner.user_id)).split(";")[0] ?? "";
});

const get = (path: string, headers: Record<string, string> = { cookie }) =>
  new Request(`${origin}${path}`, { headers });
function post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Request {
  return new Request(`${origin}${path}`, {
    method: "POST",
    headers: { cookie, ...headers },
    body: new URLSearchParams(fields),
  });
}
const formToken = async () => (await browsers.read(get("/")))?.formToken ?? "";
const mine = `/secrets/user/${owner.user_id}`;

describe("the page for secrets", () => {
  it("is for signed-in people, and names what is missing [secrets.page]", async () => {
    const away = await secretRoutes.show(get(mine, {}));
    expect([away.status, away.headers.get("location")]).toEqual([303, `/sign-in?next=${encodeURIComponent(mine)}`]);
    const shown = await secretRoutes.show(get(mine));
    const html = await shown.text();
    expect(html).toContain("<code>MISSING</code>, <b>missing</b>");
    expect(shown.headers.get("content-security-policy")).toContain("form-action 'self';");
    expect(shown.headers.get("cache-control")).toBe("no-store");
  });

  it("takes a value from its own form, and never shows it again [secrets.page]", async () => {
    const form = { form_token: await formToken(), decision: "save", name: "MISSING", value: "a value" };
    const saved = await (await secretRoutes.save(post(mine, form))).text();
    expect(saved).toContain("MISSING was saved.");
    expect(saved + (await (await secretRoutes.show(get(mine))).text())).not.toContain("a value");
    expect([...kept]).toEqual([["MISSING", "a value"]]);
    await secretRoutes.save(post(mine, { ...form, decision: "remove" }));
    expect(kept.size).toBe(0);
  });

  it("tells the audit log which secret was entered and removed, and never its value [audit.recorded]", async () => {
    const form = { form_token: await formToken(), decision: "save", name: "MISSING", value: "a value" };
    await secretRoutes.save(post(mine, form));
    await secretRoutes.save(post(mine, { ...form, decision: "remove" }));
    await secretRoutes.save(post(mine, { ...form, name: "a value" }));
    expect(audit.told.slice(-3)).toMatchObject([
      { action: "secret.enter", target_id: "MISSING", user_id: owner.user_id, client_id: "browser", outcome: "done" },
      { action: "secret.remove", target_id: "MISSING", outcome: "done" },
      { action: "secret.enter", target_id: null, outcome: "invalid_argument" },
    ]);
    expect(JSON.stringify(audit.told)).not.toContain("a value");
  });

  it.each([
    ["a form of nobody's", { form_token: "" }, {}],
    ["another site's", {}, { "sec-fetch-site": "cross-site" }],
    ["no form token of this browser", { form_token: "f".repeat(64) }, {}],
    ["a name that is none", { name: "not-a-name" }, {}],
    ["no value", { value: " " }, {}],
    ["a value of two lines", { value: "a\r\nX-Other: b" }, {}],
    ["a value that is too long", { value: "x".repeat(8193) }, {}],
  ])("keeps nothing of %s [secrets.page]", async (_, fields, headers) => {
    const form = { form_token: await formToken(), decision: "save", name: "MISSING", value: "a value", ...fields };
    const refused = await secretRoutes.save(post(mine, form, headers as Record<string, string>));
    expect(refused.status).toBe(400);
    expect(kept.size).toBe(0);
  });

  it("is closed to who may not change the place [secrets.page]", async () => {
    const form = { form_token: await formToken(), decision: "save", name: "A", value: "b" };
    for (const path of [`/secrets/user/${id(9)}`, `/secrets/team/${id(9)}`, `/secrets/project/${id(9)}`]) {
      expect(await (await secretRoutes.show(get(path))).text()).toContain("not yours to change");
      expect((await secretRoutes.save(post(path, form))).status).toBe(400);
    }
    expect((await secretRoutes.show(get("/secrets/elsewhere/x"))).status).toBe(400);
    expect(kept.size).toBe(0);
  });
});

describe("the page for a sign-in", () => {
  const path = (name: string) => `/mcp-servers/user/${owner.user_id}/${name}`;

  it("says where it leads, and goes there from its own form alone [servers.oauth]", async () => {
    const shown = await (await connectRoutes.show(get(path("linear")))).text();
    expect(shown).toContain("mcp.example.com");
    expect(begun).toEqual([]);
    for (const foreign of [post(path("linear"), { form_token: "" }), post(path("linear"), {}, { cookie: "" })]) {
      expect((await connectRoutes.begin(foreign)).headers.get("location") ?? "").not.toContain("auth.example.com");
    }
    expect(begun).toEqual([]);
    const sent = await connectRoutes.begin(post(path("linear"), { form_token: await formToken() }));
    expect(sent.headers.get("location")).toBe("https://auth.example.com/authorize?x=1");
    expect(begun).toEqual([{ name: "linear", url: "https://mcp.example.com/mcp" }]);
  });

  it("is not there for programs, secret addresses and other people's servers [servers.oauth]", async () => {
    for (const name of ["program", "hidden"]) {
      expect(await (await connectRoutes.show(get(path(name)))).text()).toContain("Nobody signs in at this server");
    }
    const other = await connectRoutes.show(get(`/mcp-servers/user/${id(9)}/linear`));
    expect(await other.text()).toContain("no MCP server linear");
    expect(await (await connectRoutes.callback(get("/mcp-servers/callback?error=access_denied"))).text()).toContain(
      "not finished",
    );
  });

  it("publishes who asks, for servers that want to know before [servers.oauth]", async () => {
    expect(await (await connectRoutes.clientMetadata(get("/"))).json()).toMatchObject({
      client_id: `${origin}/mcp-servers/client-metadata`,
      redirect_uris: [`${origin}/mcp-servers/callback`],
      token_endpoint_auth_method: "none",
    });
  });
});
