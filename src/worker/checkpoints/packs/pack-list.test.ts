import { describe, expect, it } from "vitest";
import { parsePackList, splitPacks } from "./pack-list.ts";

const name = (digit: string): string => digit.repeat(64);

describe("the packs of one request", () => {
  it("are named with their lengths, in the order of the body [checkpoints.tree]", () => {
    const packs = parsePackList(`${name("a")}:3,${name("b")}:2`);
    expect(packs).toEqual([
      { sha256: name("a"), bytes: 3 },
      { sha256: name("b"), bytes: 2 },
    ]);
    const body = Uint8Array.from(new TextEncoder().encode("12345")).buffer;
    const parts = splitPacks(body, packs ?? [])?.map((part) => new TextDecoder().decode(part));
    expect(parts).toEqual(["123", "45"]);
    expect(splitPacks(body.slice(1), packs ?? [])).toBeNull();
  });

  it.each([
    null,
    "",
    "nothing",
    name("a"),
    `${name("a")}:0`,
    `${name("a")}:-1`,
    `${name("A")}:3`,
    `${name("a")}:3,`,
    `${name("a")}:3, ${name("b")}:3`,
    `${name("a")}:3,${name("a")}:3`,
    `${name("a")}:1048577`,
    `${name("a")}:1048000,${name("b")}:1000`,
    ["1", "2", "3", "4", "5"].map((digit) => `${name(digit)}:1`).join(","),
  ])("are refused as %j [checkpoints.bad_input]", (header) => {
    expect(parsePackList(header)).toBeNull();
  });
});
