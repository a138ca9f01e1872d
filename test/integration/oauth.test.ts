import { describe, expect, it } from "vitest";
import {
  answerConsent,
  BASE,
  callLegacy,
  callModern,
  codeOf,
  exchangeCode,
  openConsent,
  readConsent,
  readRpc,
  register,
  requestToken,
  send,
  signIn,
} from "./oauth-client.ts";

describe("OAuth", () => {
  it("tells a client without a token where to sign in [auth.challenge]", async () => {
    const response = await send("/mcp", { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    const challenge = response.headers.get("www-authenticate") ?? "";
    expect(challenge).toContain(`resource_metadata="${BASE}/.well-known/oauth-protected-resource/mcp"`);
    const metadata = await (await send("/.well-known/oauth-protected-resource/mcp")).json();
    expect(metadata).toMatchObject({ resource: `${BASE}/mcp`, authorization_servers: [BASE] });
  });

  it("says that it registers clients, reads client metadata documents and wants PKCE", async () => {
    const metadata = await (await send("/.well-known/oauth-authorization-server")).json();
    expect(metadata).toMatchObject({
      registration_endpoint: `${BASE}/register`,
      code_challenge_methods_supported: ["S256"],
      client_id_metadata_document_supported: true,
    });
  });

  it("signs a person in and lists the same tools to clients of both eras [auth.flow] [mcp.eras]", async () => {
    const { access_token } = await signIn();
    const modern = await readRpc(await callModern(access_token, "tools/list"));
    const legacy = await readRpc(await callLegacy(access_token, "tools/list"));
    const names = modern.result?.tools?.map((tool) => tool.name);
    expect(names).toContain("execute_claude");
    expect(names).not.toContain("find_claude_binary");
    expect(legacy.result?.tools?.map((tool) => tool.name)).toEqual(names);
  });

  it("gives fresh tokens for a refresh token [auth.flow]", async () => {
    const { client_id, refresh_token } = await signIn();
    const response = await requestToken({ grant_type: "refresh_token", client_id, refresh_token });
    const { access_token } = await response.json<{ access_token: string }>();
    expect((await callModern(access_token, "tools/list")).status).toBe(200);
  });

  it("refuses a token that it did not issue", async () => {
    const response = await callModern("someone:else:secret", "tools/list");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("invalid_token");
  });

  it("gives no token for another audience", async () => {
    const consent = await openConsent(await register(), { resource: "http://localhost:8787/other" });
    expect(consent.handle).toBe("");
    const location = new URL(consent.response.headers.get("location") ?? "");
    expect(location.searchParams.get("error")).toBe("invalid_target");
  });
});

describe("the consent page", () => {
  it("names the client, where access goes and what it may do, and escapes what the client claims [auth.consent_page]", async () => {
    const { page, response } = await openConsent(await register());
    expect(response.status).toBe(200);
    expect(page).toContain("Test &lt;client&gt;");
    expect(page).toContain("127.0.0.1");
    expect(page).toContain("Start, steer and end sessions");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("x-frame-options")).toBe("DENY");
  });

  it("lets nobody in without the code, whatever host the request claims [auth.sign_in_code]", async () => {
    const consent = await openConsent(await register());
    const refused = await answerConsent(consent, { code: "WRONG-CODE-0000" });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("location")).toBeNull();
    const again = await readConsent(refused);
    expect(again.page).toContain("That is not the sign-in code");
    const accepted = await answerConsent(again);
    expect(codeOf(accepted)).not.toBe("");
  });

  it("takes an answer only from the browser that was shown the page, and only once [auth.consent_page]", async () => {
    const consent = await openConsent(await register());
    expect((await answerConsent(consent, { cookie: "a=b" })).status).toBe(400);
    expect((await answerConsent(consent)).status).toBe(302);
    expect((await answerConsent(consent)).status).toBe(400);
  });

  it("says what is wrong with an answer that is no form", async () => {
    const headers = { "content-type": "application/json" };
    const response = await send("/authorize", { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("connect again");
  });

  it("sends a denial back to the client", async () => {
    const consent = await openConsent(await register());
    const denied = await answerConsent(consent, { decision: "deny" });
    expect(new URL(denied.headers.get("location") ?? "").searchParams.get("error")).toBe("access_denied");
  });

  it("grants what was ticked and nothing else", async () => {
    const client_id = await register();
    const consent = await openConsent(client_id);
    const code = codeOf(await answerConsent(consent, { scopes: ["sessions:read"] }));
    const { scope } = await (await exchangeCode(client_id, code)).json<{ scope: string }>();
    expect(scope).toBe("sessions:read");
  });

  it("locks after ten wrong codes, for the right code too [auth.sign_in_code]", async () => {
    let consent = await openConsent(await register());
    for (let guess = 0; guess < 10; guess++) {
      consent = await readConsent(await answerConsent(consent, { code: `GUESS-${guess}` }));
    }
    const locked = await readConsent(await answerConsent(consent));
    expect(locked.page).toContain("Too many wrong codes");
  });
});
