import { describe, expect, it } from "vitest";
import { jsonBytes, shortenToFit } from "./shorten.ts";

describe("shortenToFit", () => {
  it("returns what fits as it is", () => {
    const value = { a: ["b", 1, null, true] };
    expect(shortenToFit(value, 1000)).toBe(value);
  });

  it("cuts long strings, says how much is missing, and keeps everything short", () => {
    const value = { type: "user", id: "m1", content: [{ data: "x".repeat(100_000), name: "report.pdf" }] };
    const short = shortenToFit(value, 40_000) as typeof value;
    expect(jsonBytes(short)).toBeLessThanOrEqual(40_000);
    expect(short.type).toBe("user");
    expect(short.content[0]?.name).toBe("report.pdf");
    expect(short.content[0]?.data).toMatch(/^x+\[… \d+ more characters\]$/);
  });

  it.each([
    ["many short strings", Array.from({ length: 100_000 }, (_, index) => `line ${index}`)],
    ["many keys", Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, index]))],
    ["huge keys", { ["k".repeat(500_000)]: 1 }],
    ["three-byte characters", { text: "字".repeat(200_000) }],
    ["control characters that JSON doubles", { text: "\u0001".repeat(200_000) }],
    ["deep nesting", JSON.parse('{"a":'.repeat(5000) + "1" + "}".repeat(5000))],
    ["a wide tree", Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => "abcdefgh"))],
  ])("brings %s under the limit", (_name, value) => {
    expect(jsonBytes(shortenToFit(value, 10_000))).toBeLessThanOrEqual(10_000);
  });
});
