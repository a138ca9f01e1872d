import { describe, expect, it } from "vitest";
import { isFull, takeShown } from "./answer-size-policy.ts";

describe("a list in an answer", () => {
  it("has the items that fit, and one at least", () => {
    const long = "x".repeat(16_000);
    expect(takeShown([1, 2, 3], 2)).toEqual([1, 2]);
    expect(takeShown([long, long, long], 9)).toHaveLength(1);
    expect(takeShown(["x".repeat(90_000), "y"], 9)).toHaveLength(1);
    expect([isFull([long], 9), isFull([long, long], 9), isFull(["a", "b"], 2)]).toEqual([false, true, true]);
  });
});
