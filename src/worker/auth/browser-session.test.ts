import { describe, expect, it } from "vitest";
import { BROWSER_SESSION_MS, type BrowserSessionStore, createBrowserSessions } from "./browser-session.ts";

const principal = { user_id: "u-1", team_id: "t-1", role: "member" as const };

function setUp(publicUrl: string) {
  const rows = new Map<string, { userId: string; expiresAtMs: number }>();
  const store: BrowserSessionStore = {
    insert: async ({ sha256, ...row }) => void rows.set(sha256, row),
    async find(sha256, nowMs) {
      const row = rows.get(sha256);
      return row === undefined || row.expiresAtMs <= nowMs ? null : { userId: row.userId, displayName: "Ada" };
    },
    remove: async (sha256) => void rows.delete(sha256),
  };
  const clock = { nowMs: 1_000 };
  const browsers = createBrowserSessions({
    store,
    readPrincipal: async (userId) => (userId === "u-1" ? principal : null),
    publicUrl,
    newToken: () => "t".repeat(43),
    sha256Hex: async (bytes) => `sha256:${new TextDecoder().decode(bytes).length}:${bytes[0]}`,
    subtle: crypto.subtle,
    nowMs: () => clock.nowMs,
  });
  const visit = (cookie: string) => browsers.read(new Request(publicUrl, { headers: { cookie } }));
  return { browsers, rows, clock, visit };
}

describe("a signed-in browser", () => {
  it("has a cookie that on https no other host, path or plain page can set [permissions.browser]", async () => {
    const hosted = setUp("https://berth.example");
    expect(await hosted.browsers.begin("u-1")).toBe(
      `__Host-berth_session=${"t".repeat(43)}; Max-Age=43200; Path=/; HttpOnly; SameSite=Lax; Secure`,
    );
    expect(await hosted.visit(`berth_session=${"t".repeat(43)}`)).toBeNull();
    expect(await hosted.visit(`other=1; __Host-berth_session=${"t".repeat(43)}`)).toMatchObject({ principal });
    expect([...hosted.rows.keys()].join()).not.toContain("ttt");
  });

  it("is somebody until the time is up, and nobody who has left every team [permissions.browser]", async () => {
    const { browsers, clock, visit } = setUp("http://localhost:8787");
    const cookie = (await browsers.begin("u-1")).split(";")[0] ?? "";
    expect(await visit(cookie)).toMatchObject({ principal, displayName: "Ada" });
    clock.nowMs += BROWSER_SESSION_MS;
    expect(await visit(cookie)).toBeNull();
    const gone = (await browsers.begin("u-2")).split(";")[0] ?? "";
    expect(await visit(gone)).toBeNull();
  });

  it.each([
    "",
    "berth_session=",
    "berth_session=short",
    `berth_session=${"t".repeat(44)}`,
    `xberth_session=${"t".repeat(43)}`,
  ])("is not one with the cookie %j", async (cookie) => {
    const { browsers, visit } = setUp("http://localhost:8787");
    await browsers.begin("u-1");
    expect(await visit(cookie)).toBeNull();
  });
});
