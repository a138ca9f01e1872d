// Every address of a private block, in every spelling that a URL allows, against every rule that is not the table's own.
import { assert, constantFrom, integer, nat, property, tuple } from "fast-check";
import { BlockList, isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { judgeAddress } from "./address-policy.ts";
import { judgeUrl } from "./url-policy.ts";

const RULES = { allowLoopback: false, ownOrigin: null };
const BLOCKS = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
const hex = (value: number): string => value.toString(16);
const octal = (value: number): string => `0${value.toString(8)}`;

/** One address in one of its spellings; `pick` chooses. */
function spell(value: number, pick: number): string {
  const bytes = dotted(value).split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const spellings = [
    dotted(value),
    String(value),
    `0x${hex(value)}`,
    `0X${hex(value).toUpperCase()}`,
    octal(value),
    `${a}.${(b << 16) | (c << 8) | d}`,
    `${a}.${b}.${(c << 8) | d}`,
    bytes.map(octal).join("."),
    bytes.map((byte) => `0x${hex(byte)}`).join("."),
    `${octal(a)}.${b}.0x${hex(c)}.${d}`,
    `${dotted(value)}.`,
    [...dotted(value)].map((sign) => `%${(sign.codePointAt(0) ?? 0).toString(16)}`).join(""),
    [...dotted(value)].map((sign) => (sign === "." ? "。" : sign)).join(""),
    `[::ffff:${dotted(value)}]`,
    `[::ffff:${hex(value >>> 16)}:${hex(value & 0xffff)}]`,
    `[0:0:0:0:0:FFFF:${dotted(value)}]`,
    `[64:ff9b::${dotted(value)}]`,
    `[2002:${hex(value >>> 16)}:${hex(value & 0xffff)}::1]`,
    `[::${dotted(value)}]`,
  ];
  return spellings[pick % spellings.length] ?? "";
}

describe("a private address", () => {
  it("is refused in every spelling [outbound.refused]", () => {
    const address = tuple(constantFrom(...BLOCKS), nat(0xffffffff), nat()).map(([[base, bits], random, pick]) => {
      const network = base.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
      const host = random % 2 ** (32 - bits);
      return spell(network + host, pick);
    });
    assert(
      property(address, (host) => {
        const verdict = judgeUrl(`https://${host}/mcp`, RULES);
        expect(verdict, host).toEqual({ ok: false, refusal: "private_address" });
      }),
      { numRuns: 3000 },
    );
  });
});

describe("any address", () => {
  it("is read as node reads it, and private ones are never public [outbound.refused]", () => {
    const block = new BlockList();
    for (const [base, bits] of BLOCKS) block.addSubnet(base, bits, "ipv4");
    for (const [base, bits] of [
      ["fc00::", 7],
      ["fe80::", 10],
      ["ff00::", 8],
      ["2001:db8::", 32],
    ] as const) {
      block.addSubnet(base, bits, "ipv6");
    }
    const groups = tuple(...Array.from({ length: 8 }, () => integer({ min: 0, max: 0xffff })));
    assert(
      property(nat(0xffffffff), groups, constantFrom(0xfc00, 0xfe80, 0xff02, 0x2001, 0x2606), (v4, all, first) => {
        const v6 = [first, ...all.slice(1)].map(hex).join(":");
        for (const [text, family] of [
          [dotted(v4), "ipv4"],
          [v6, "ipv6"],
        ] as const) {
          expect(isIP(text)).not.toBe(0);
          const kind = judgeAddress(text);
          expect(kind).not.toBeNull();
          if (block.check(text, family)) expect(kind, text).not.toBe("public");
        }
      }),
      { numRuns: 3000 },
    );
  });
});
