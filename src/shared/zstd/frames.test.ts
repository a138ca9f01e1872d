import * as fc from "fast-check";
import { randomBytes } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compressPieces, splitFrames } from "./frames.ts";

/** An encoder with workerd's limit. */
function limited(piece: Uint8Array): Buffer {
  const frame = zstdCompressSync(piece);
  if (frame.length > 40_960) throw new Error("Unexpected end of file");
  return frame;
}
const content = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.integer({ min: 1, max: 300_000 }).map((length) => randomBytes(length)),
  fc.integer({ min: 1, max: 3_000_000 }).map((length) => Buffer.alloc(length, "text that repeats. ")),
);
const mixed = fc.array(content, { maxLength: 3 }).map((parts) => Buffer.concat(parts));

describe("content in frames", () => {
  it("comes back whole, and no frame is too large for an encoder with a limit [archive.same] [checkpoints.format]", () => {
    fc.assert(
      fc.property(mixed, (bytes) => {
        const frames = compressPieces(bytes, limited);
        const split = splitFrames(Buffer.concat(frames));
        expect(split.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
        expect(Buffer.concat(split.map((frame) => zstdDecompressSync(frame))).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("is as few frames as the encoder allows", () => {
    expect(compressPieces(Buffer.alloc(1_000_000, "a"), limited)).toHaveLength(1);
    expect(compressPieces(randomBytes(1_000_000), limited).length).toBeLessThanOrEqual(27);
    expect(compressPieces(new Uint8Array(), limited)).toHaveLength(1);
  });

  it("is not tried again when even a small piece fails", () => {
    const broken = (): Uint8Array => {
      throw new Error("out of order");
    };
    expect(() => compressPieces(randomBytes(500_000), broken)).toThrow("out of order");
  });
});

describe("frames", () => {
  const content = Buffer.alloc(300_000, "some words and others; ");
  const withChecksum = zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const withoutSize = zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const frames = [withChecksum, zstdCompressSync(randomBytes(200_000)), skippable, withoutSize, zstdCompressSync("")];

  it("of every kind are told apart", () => {
    expect(splitFrames(Buffer.concat(frames)).map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
  });

  it("that are cut, or none at all, are refused [checkpoints.bad_input]", () => {
    const whole = Buffer.concat(frames);
    const ends = new Set(frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length));
    for (let length = 0; length < whole.length; length += ends.has(length + 1) ? 1 : 7) {
      if (!ends.has(length)) expect(() => splitFrames(whole.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => splitFrames(randomBytes(100))).toThrow(RangeError);
  });
});
