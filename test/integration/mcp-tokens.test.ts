import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createDatabase } from "../../src/worker/db/client.ts";
import { createConnectionStore } from "../../src/worker/mcp-servers/connections/connection-store.ts";
import { createTokenService } from "../../src/worker/mcp-servers/connections/token-service.ts";
import type { ServerKey } from "../../src/worker/mcp-servers/server-key.ts";
import { createSealer } from "../../src/worker/secrets/sealer.ts";
import { newUuid } from "../support/seed-checkpoint.ts";

const ORIGIN = "https://auth.example.com";
const URL_A = "https://mcp.example.com/a";
const URL_B = "https://mcp.example.com/b";

let clockMs: number;
const now = () => new Date(clockMs);
const sealer = createSealer([{ id: "one", bytes: new Uint8Array(32) }], crypto);
const store = createConnectionStore({ db: createDatabase(env.DB), sealer, now });

/** What the authorization server answers to each request for a token. */
let answerToken: () => Promise<Response> | Response;
let asked: number;
/** Waiting lets time pass, and others get on. */
const isolate = () =>
  createTokenService({
    store,
    guarded: async () => {
      asked += 1;
      return answerToken();
    },
    nowMs: () => clockMs,
    async sleep(ms) {
      clockMs += ms;
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  });

const issued = (name: string) =>
  Response.json({ access_token: name, refresh_token: `r-${name}`, token_type: "Bearer", expires_in: 3600 });
const over = () => Response.json({ error: "invalid_grant" }, { status: 400 });
const down = () => new Response("down", { status: 503 });

let key: ServerKey;
beforeEach(() => {
  clockMs = 1_800_000_000_000;
  asked = 0;
  const user_id = newUuid();
  key = { team_id: newUuid(), user_id, place: { scope: "user", scope_id: user_id }, name: "test" };
});

/** A sign-in whose access token is named, and ends in that many seconds. */
const signIn = (name: string, seconds: number, { url = URL_A, refreshes = true } = {}) =>
  store.replace(key, url, {
    client: { client_id: "c" },
    tokens: { access_token: name, token_type: "Bearer", ...(refreshes ? { refresh_token: `r-${name}` } : {}) },
    discovery: { authorizationServerUrl: ORIGIN },
    expires_at_ms: clockMs + seconds * 1000,
  });

/** Answers only once the test says so. */
function held() {
  let release: (response: Response) => void = () => undefined;
  const answer = new Promise<Response>((resolve) => (release = resolve));
  let arrived: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (arrived = resolve));
  answerToken = () => (arrived(), answer);
  return { reached, release };
}

describe("a token that is renewed", () => {
  it("does not take along a sign-in that came between [servers.oauth_renewal]", async () => {
    await signIn("old", 30);
    const slow = held();
    const first = isolate().token(key, URL_A);
    await slow.reached;
    await signIn("fresh", 3600);
    slow.release(over());
    expect(await first).toBe("fresh");
    expect(await isolate().token(key, URL_A)).toBe("fresh");
  });

  it("does not take along one that was removed and made anew meanwhile [servers.oauth_renewal]", async () => {
    await signIn("old", 30);
    const slow = held();
    const first = isolate().token(key, URL_A);
    await slow.reached;
    await store.removeAll(key);
    clockMs += 1;
    await signIn("fresh", 3600);
    slow.release(over());
    await first;
    expect(await isolate().token(key, URL_A)).toBe("fresh");
  });

  it("is asked for by one alone as long as that one may still be answered [servers.oauth_renewal]", async () => {
    await signIn("old", 30);
    const slow = held();
    const first = isolate().token(key, URL_A);
    await slow.reached;
    clockMs += 40_000;
    const second = isolate().token(key, URL_A);
    expect(await second).toBeNull();
    expect(asked).toBe(1);
    slow.release(issued("new"));
    expect(await first).toBe("new");
    expect(await isolate().token(key, URL_A)).toBe("new");
  });

  it("is used to its end when no other can be had, and asked for again the next time [servers.oauth_renewal]", async () => {
    await signIn("old", 30);
    answerToken = down;
    expect(await isolate().token(key, URL_A)).toBe("old");
    answerToken = () => issued("new");
    expect(await isolate().token(key, URL_A)).toBe("new");
    await signIn("lone", 30, { refreshes: false });
    expect(await isolate().token(key, URL_A)).toBe("lone");
    clockMs += 31_000;
    expect(await isolate().token(key, URL_A)).toBeNull();
  });

  it("is not given a second time after the server refused it [servers.oauth_renewal]", async () => {
    await signIn("old", 3600);
    answerToken = down;
    expect(await isolate().tokenAfter(key, URL_A, "old")).toBeNull();
    answerToken = () => issued("new");
    expect(await isolate().tokenAfter(key, URL_A, "old")).toBe("new");
  });

  it("is waited for no longer than somebody asks for it [servers.oauth_renewal]", async () => {
    await signIn("old", 30);
    const slow = held();
    const first = isolate().token(key, URL_A);
    await slow.reached;
    const second = isolate().token(key, URL_A);
    slow.release(down());
    expect(await Promise.all([first, second])).toEqual(["old", "old"]);
    expect(clockMs).toBeLessThan(1_800_000_000_000 + 10_000);
  });

  it("goes to its own address alone, also when the other one is waited for [servers.oauth]", async () => {
    await signIn("of-a", 30);
    const slow = held();
    const one = isolate();
    const [first, other] = [one.token(key, URL_A), one.token(key, URL_B)];
    await slow.reached;
    const waiting = isolate().token(key, URL_A);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await signIn("of-b", 3600, { url: URL_B });
    expect(await waiting).toBeNull();
    const late = one.token(key, URL_B);
    slow.release(issued("new-of-a"));
    expect(await Promise.all([first, other, late])).toEqual(["new-of-a", null, "of-b"]);
    expect(await isolate().token(key, URL_B)).toBe("of-b");
  });
});
