import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEAST_PIECE_BYTES, MOST_PIECE_BYTES, nextPieceLength } from "./content-cuts.ts";
import { isListChunkFull, startsListChunk } from "./list-chunks.ts";

const MB = 1024 * 1024;

function noise(bytes: number, seed: number): Uint8Array {
  const words = new Uint32Array(bytes / 4);
  let state = seed | 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}

function piecesOf(content: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < content.length;) {
    const length = nextPieceLength(content.subarray(at, at + MOST_PIECE_BYTES));
    pieces.push(content.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

const content = noise(24 * MB, 7);
const names = (pieces: Uint8Array[]) => pieces.map((piece) => `${piece.length}:${piece.subarray(0, 16).join()}`);

describe("large content", () => {
  it("is cut into pieces that are neither too small nor too large, about 1 MB each [checkpoints.format]", () => {
    const pieces = piecesOf(content);
    for (const piece of pieces.slice(0, -1)) {
      expect(piece.length).toBeGreaterThanOrEqual(LEAST_PIECE_BYTES);
      expect(piece.length).toBeLessThanOrEqual(MOST_PIECE_BYTES);
    }
    const mean = content.length / pieces.length;
    expect(mean).toBeGreaterThan(0.7 * MB);
    expect(mean).toBeLessThan(1.6 * MB);
  });

  it("has most of its cuts where they were when something is put in near the beginning [checkpoints.unchanged]", () => {
    const before = new Set(names(piecesOf(content)));
    const inserted = fc.tuple(fc.nat(MB), fc.uint8Array({ minLength: 1, maxLength: 2000 }));
    fc.assert(
      fc.property(inserted, ([at, bytes]) => {
        const changed = new Uint8Array(content.length + bytes.length);
        changed.set(content.subarray(0, at));
        changed.set(bytes, at);
        changed.set(content.subarray(at), at + bytes.length);
        const after = names(piecesOf(changed));
        const kept = after.filter((name) => before.has(name)).length;
        expect(kept).toBeGreaterThanOrEqual(after.length - 5);
      }),
      { numRuns: 12 },
    );
  });

  it("of nothing but zeros is cut at the largest length, so that a hole is few pieces", () => {
    expect(nextPieceLength(new Uint8Array(6 * MB))).toBe(MOST_PIECE_BYTES);
  });
});

describe("the entry list", () => {
  it("is cut every 128 entries or so, by their paths alone", () => {
    const paths = Array.from({ length: 20_000 }, (_value, index) =>
      new TextEncoder().encode(`src/part-${index % 77}/file-${index}.ts`),
    );
    const starts = paths.filter(startsListChunk).length;
    expect(starts).toBeGreaterThan(20_000 / 128 / 1.5);
    expect(starts).toBeLessThan((20_000 / 128) * 1.5);
    expect(isListChunkFull({ entries: 300, bytes: 40_000 })).toBe(false);
  });

  it("has no chunk without a bound, whatever the paths", () => {
    expect(isListChunkFull({ entries: 2048, bytes: 1 })).toBe(true);
    expect(isListChunkFull({ entries: 1, bytes: 600_000 })).toBe(true);
  });
});
