// Reads one pack back whole: its SHA-256, its index, each frame, and each blob in it. Says what is wrong and goes on.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import { decodePackIndex, type PackedFrame } from "../../../shared/checkpoints/pack-format.ts";
import { MAX_FRAME_BYTES } from "../reading/blob-reader.ts";
import { shortHash } from "../reading/damage.ts";
import { sha256Hex } from "../reading/sha256.ts";
import { decompressFrames } from "../reading/zstd.ts";

export type PackFinding = { pack: string; problem: string };
export type PackVerdict = { bytes: number; blobs: number; findings: PackFinding[] };

export async function verifyPack(pack: string, bytes: Uint8Array): Promise<PackVerdict> {
  const findings: PackFinding[] = [];
  const find = (problem: string) => void findings.push({ pack, problem });
  if ((await sha256Hex(bytes)) !== pack) find("its bytes are not what its SHA-256 says");
  let blobs = 0;
  for (const frame of readIndex(bytes, find)) {
    const content = readFrame(bytes, frame);
    if (content === null) {
      find(`the frame at byte ${frame.offset} cannot be decompressed`);
      continue;
    }
    for (const blob of frame.blobs) {
      blobs++;
      const piece = content.subarray(blob.inner, blob.inner + blob.length);
      const isRight = piece.length === blob.length && (await sha256Hex(piece)) === toHex(blob.sha256);
      if (!isRight) find(`blob ${shortHash(toHex(blob.sha256))} is not what its SHA-256 says`);
    }
  }
  return { bytes: bytes.length, blobs, findings };
}

function readIndex(bytes: Uint8Array, find: (problem: string) => void): PackedFrame[] {
  try {
    return decodePackIndex(bytes);
  } catch {
    find("its index cannot be read");
    return [];
  }
}

function readFrame(bytes: Uint8Array, { offset, length }: PackedFrame): Uint8Array | null {
  if (offset + length > bytes.length) return null;
  try {
    return decompressFrames(bytes.subarray(offset, offset + length), MAX_FRAME_BYTES);
  } catch {
    return null;
  }
}
