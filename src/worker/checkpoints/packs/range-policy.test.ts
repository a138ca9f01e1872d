import { describe, expect, it } from "vitest";
import { parseRange } from "./range-policy.ts";

describe("a range of a pack", () => {
  it.each([
    [null, null],
    ["bytes=0-9", { offset: 0, length: 10 }],
    ["bytes=5-5", { offset: 5, length: 1 }],
    ["bytes=5-", { offset: 5 }],
    ["bytes=9-5", "refused"],
    ["bytes=-5", "refused"],
    ["bytes=0-1,3-4", "refused"],
    ["lines=0-1", "refused"],
    ["bytes=0x1-2", "refused"],
    ["", "refused"],
  ])("is read from %j or refused [checkpoints.bad_input]", (header, range) => {
    expect(parseRange(header)).toEqual(range);
  });
});
