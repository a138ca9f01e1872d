// Reads a large file piece by piece, cut where its content says so, and looks at holes no longer than it must.
import { hash } from "node:crypto";
import { type BigIntStats, readSync } from "node:fs";
import { MOST_PIECE_BYTES, nextPieceLength } from "../../../shared/checkpoints/content-cuts.ts";
import type { KnownEntries } from "./known-entries.ts";
import type { PackBuilder } from "./pack-builder.ts";

export type PieceReader = (file: number, stats: BigIntStats) => Promise<{ blobs: number[]; size: number }>;

export type ReaderParts = { known: Pick<KnownEntries, "find">; builder: PackBuilder };

export function createPieceReader({ known, builder }: ReaderParts): PieceReader {
  let window: Buffer | null = null;
  let zeros: { content: Buffer; sha256: Buffer } | null = null;

  function zeroPiece(): { content: Buffer; sha256: Buffer } {
    const content = zeros?.content ?? Buffer.alloc(MOST_PIECE_BYTES);
    return (zeros ??= { content, sha256: hash("sha256", content, "buffer") });
  }
  /** Zeros are compared, not hashed: a hole costs little more than its reading. */
  function measure(content: Buffer, isSparse: boolean): { length: number; sha256: Buffer } {
    if (isSparse && content.length === MOST_PIECE_BYTES && content.equals(zeroPiece().content)) {
      return { length: content.length, sha256: zeroPiece().sha256 };
    }
    const length = nextPieceLength(content);
    return { length, sha256: hash("sha256", content.subarray(0, length), "buffer") };
  }
  return async (file, stats) => {
    window ??= Buffer.allocUnsafeSlow(MOST_PIECE_BYTES);
    const isSparse = stats.blocks * 512n < stats.size;
    const blobs: number[] = [];
    let [filled, at] = [0, 0];
    for (;;) {
      const more = at < stats.size ? readFully(file, window.subarray(filled), at) : 0;
      [filled, at] = [filled + more, at + more];
      if (filled === 0) return { blobs, size: at };
      const { length, sha256 } = measure(window.subarray(0, filled), isSparse);
      const found = known.find(sha256);
      blobs.push(found === -1 ? builder.keepAlone(copyOf(window.subarray(0, length)), sha256) : found);
      window.copyWithin(0, length, filled);
      filled -= length;
      await builder.room();
    }
  };
}

/** Reads until the buffer is full or the file at its end. */
export function readFully(file: number, target: Buffer, position: number): number {
  let filled = 0;
  while (filled < target.length) {
    const read = readSync(file, target, filled, target.length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function copyOf(piece: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(copy);
  return copy;
}
