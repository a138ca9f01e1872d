import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { uuidV7 } from "../../src/shared/ids.ts";
import type { RunTokenClaims, RunTokenClaimsOf } from "../../src/shared/tokens/run-token.ts";
import { signRunToken } from "../../src/shared/tokens/run-token-signature.ts";
import { callModern, readRpc, send, signIn, structuredOf } from "./oauth-client.ts";

const newId = () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(16)));

let sessionId = "";
let teamId = "";
beforeAll(async () => {
  const { access_token } = await signIn();
  const params = { name: "execute_claude", arguments: { prompt: "hi", wait_seconds: 0 } };
  const answer = await readRpc(await callModern(access_token, "tools/call", params));
  sessionId = (structuredOf(answer) as { session_id: string }).session_id;
  teamId = (await env.DB.prepare("select id from teams").first<string>("id")) ?? "";
});

async function ask(
  changes: Partial<RunTokenClaimsOf<"model">> = {},
  path = "/v1/messages?beta=true",
): Promise<Response> {
  const claims: RunTokenClaims = {
    version: 1,
    route: "model",
    team_id: teamId,
    session_id: sessionId,
    runtime_id: newId(),
    expires_at: Math.floor(Date.now() / 1000) + 60,
    ...changes,
  };
  const token = await signRunToken(claims, env.RUN_TOKEN_SECRET, crypto.subtle);
  const body = JSON.stringify({ model: "claude-sonnet-5", messages: [] });
  return send(`/model${path}`, { method: "POST", headers: { "x-api-key": token }, body });
}

describe("the model gateway, asked with a well-signed token", () => {
  it.each([
    ["for a runtime that is not the session's", () => ask()],
    ["for a session that does not exist", () => ask({ session_id: newId() })],
    ["of another team", () => ask({ team_id: newId() })],
    ["that has expired", () => ask({ expires_at: Math.floor(Date.now() / 1000) - 1 })],
  ])("refuses one %s, in the provider's format [gateway.token] [gateway.admission]", async (_name, call) => {
    const response = await call();
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  });

  it("has nothing but the two questions", async () => {
    expect((await ask({}, "/v1/files")).status).toBe(404);
    expect((await send("/model", { method: "HEAD" })).status).toBe(200);
  });

  it("opens no other route with a run token [gateway.token]", async () => {
    const claims = { version: 1, route: "model", team_id: teamId, session_id: sessionId, runtime_id: newId() } as const;
    const token = await signRunToken({ ...claims, expires_at: 4_000_000_000 }, env.RUN_TOKEN_SECRET, crypto.subtle);
    expect((await callModern(token, "tools/list")).status).toBe(401);
    const wake = { workspace_id: newId(), runtime_id: newId(), session_id: sessionId };
    const headers = { authorization: `Bearer ${token}` };
    expect((await send("/runner/wake", { method: "POST", headers, body: JSON.stringify(wake) })).status).toBe(404);
  });
});
