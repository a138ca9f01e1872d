import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { callModern, readRpc, signIn } from "./oauth-client.ts";

type StoredToken = { expiresAt: number; audience: string };

/** Changes what the provider stored about a person's access tokens. */
async function changeStoredTokens(accessToken: string, change: (token: StoredToken) => StoredToken): Promise<void> {
  const [userId = "", grantId = ""] = accessToken.split(":");
  const { keys } = await env.OAUTH_KV.list({ prefix: `token:${userId}:${grantId}:` });
  expect(keys.length).toBe(1);
  for (const { name } of keys) {
    const stored = await env.OAUTH_KV.get<StoredToken>(name, "json");
    if (stored !== null) await env.OAUTH_KV.put(name, JSON.stringify(change(stored)));
  }
}

describe("an access token", () => {
  it("names a person by an opaque id and says nothing else about them", async () => {
    const { access_token } = await signIn();
    expect(access_token.split(":")[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is refused with the way to a new one when it has expired [auth.challenge]", async () => {
    const { access_token } = await signIn();
    await changeStoredTokens(access_token, (token) => ({ ...token, expiresAt: 1 }));
    const response = await callModern(access_token, "tools/list");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(
      /invalid_token.*resource_metadata|resource_metadata.*invalid_token/,
    );
  });

  it("is refused when it was given out for another server [auth.challenge]", async () => {
    const { access_token } = await signIn();
    await changeStoredTokens(access_token, (token) => ({ ...token, audience: "http://localhost:8787/other" }));
    const response = await callModern(access_token, "tools/list");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("resource_metadata");
  });

  it("opens nothing any more once its person has left the team", async () => {
    const { access_token } = await signIn();
    const call = () => callModern(access_token, "tools/call", { name: "list_projects", arguments: {} });
    expect((await call()).status).toBe(200);
    const { results } = await env.DB.prepare("delete from memberships returning *").all<Record<string, string>>();
    const refused = await call();
    expect(refused.status).toBe(403);
    expect((await readRpc(refused)).error?.message).toContain("not a member of a team");
    for (const { team_id, user_id, role, created_at } of results) {
      const insert = env.DB.prepare("insert into memberships (team_id, user_id, role, created_at) values (?, ?, ?, ?)");
      await insert.bind(team_id, user_id, role, created_at).run();
    }
    expect((await call()).status).toBe(200);
  });
});
