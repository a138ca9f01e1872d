import { describe, expect, it } from "vitest";
import { isOriginAllowed } from "./origin-policy.ts";

const local = { publicUrl: "http://localhost:8787", allowLoopback: true };
const hosted = { publicUrl: "https://berth.example", allowLoopback: false };

describe("origins", () => {
  it.each([
    null,
    "http://localhost:8787",
    "https://claude.ai",
    "https://claude.com",
    "http://localhost:6274",
    "http://127.0.0.1:5173",
  ])("may call a local server: %s", (origin) => expect(isOriginAllowed(origin, local)).toBe(true));

  it.each([
    "null",
    "",
    "https://evil.example",
    "https://claude.ai.evil.example",
    "http://claude.ai",
    "http://localhost.evil.example",
    "http://localhost:80@evil.example",
    "http://127.0.0.1.nip.io",
    "file://",
  ])("may not call it: %s", (origin) => expect(isOriginAllowed(origin, local)).toBe(false));

  it("of the own machine may not call a hosted server", () => {
    expect(isOriginAllowed("http://localhost:6274", hosted)).toBe(false);
    expect(isOriginAllowed("https://berth.example", hosted)).toBe(true);
  });
});
