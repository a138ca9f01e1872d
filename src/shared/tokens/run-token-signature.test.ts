import { describe, expect, it } from "vitest";
import { readRunTokenClaims, type RunTokenClaims } from "./run-token.ts";
import { signRunToken, verifyRunToken } from "./run-token-signature.ts";

const subtle = crypto.subtle;
const claims: RunTokenClaims = {
  version: 1,
  route: "model",
  team_id: "01890000-0000-7000-8000-000000000001",
  session_id: "01890000-0000-7000-8000-000000000002",
  runtime_id: "01890000-0000-7000-8000-000000000003",
  expires_at: 2_000_000_000,
};

describe("run token", () => {
  it("gives back the claims that were signed", async () => {
    const token = await signRunToken(claims, "secret", subtle);
    expect(token).toMatch(/^brt_[\w-]+\.[\w-]{43}$/);
    expect(await verifyRunToken(token, "secret", subtle)).toEqual(claims);
  });

  it("is refused under another secret", async () => {
    const token = await signRunToken(claims, "secret", subtle);
    expect(await verifyRunToken(token, "other", subtle)).toBeNull();
  });

  it("is refused when the claims were changed", async () => {
    const token = await signRunToken(claims, "secret", subtle);
    const other = await signRunToken({ ...claims, expires_at: 2_100_000_000 }, "secret", subtle);
    const forged = `${other.split(".")[0]}.${token.split(".")[1]}`;
    expect(await verifyRunToken(forged, "secret", subtle)).toBeNull();
  });

  it.each([
    "",
    "brt_",
    "brt_abc",
    "abc.def",
    `brt_${"a".repeat(5000)}.${"b".repeat(43)}`,
    `brt_%%%.${"b".repeat(43)}`,
    `brt_a.${"b".repeat(43)}`,
  ])("is refused when malformed: %s", async (token) => {
    expect(await verifyRunToken(token, "secret", subtle)).toBeNull();
  });

  it("opens nothing after its time and no other route", () => {
    expect(readRunTokenClaims(claims, "model", claims.expires_at * 1000)).toEqual({ ok: false, reason: "expired" });
    expect(readRunTokenClaims(claims, "model", claims.expires_at * 1000 - 1).ok).toBe(true);
    expect(readRunTokenClaims({ ...claims, route: "packs" }, "model", 0)).toEqual({ ok: false, reason: "malformed" });
  });
});
