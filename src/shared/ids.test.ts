import { describe, expect, it } from "vitest";
import { timeOfUuidV7, uuidSchema, uuidV5, uuidV7 } from "./ids.ts";

describe("uuidV7", () => {
  it("carries the time, so that ids sort by it", () => {
    const random = new Uint8Array(16).fill(0xff);
    const first = uuidV7(1_700_000_000_000, random);
    expect(first).toBe("018bcfe5-6800-7fff-bfff-ffffffffffff");
    expect(uuidSchema.safeParse(first).success).toBe(true);
    expect(uuidV7(1_700_000_000_001, new Uint8Array(16)) > first).toBe(true);
    expect(timeOfUuidV7(first)).toBe(1_700_000_000_000);
  });
});

describe("uuidV5", () => {
  it("is the UUID that RFC 9562 gives for the same SHA-1", () => {
    // SHA-1 of the DNS namespace and "www.example.com", from the RFC's appendix A.4.
    const sha1 = Uint8Array.from("2ed6657de927468b55e12665a8aea6a22dee3e35".match(/../g) ?? [], (hex) =>
      parseInt(hex, 16),
    );
    expect(uuidV5(sha1)).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2");
  });
});
