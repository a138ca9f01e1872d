// Fetches what the steps need and writes it into the staging, a window at a time: memory does not grow with the tree.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import type { BlobRef, FileEntry } from "../../../shared/checkpoints/format.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { JobContext } from "../job-context.ts";
import { readFrames, type WantedFrame } from "../transfer/pack-reader.ts";
import { isOnePiece, type Staging } from "./staging.ts";
import type { Step, StepList } from "./step.ts";

/** Content that is wanted at once at most: what comes back is written straight away. */
const WINDOW_BYTES = 64 * 1024 * 1024;
const WINDOW_BLOBS = 8192;

export type FillProgress = { files: number; bytes: number };

/** Every file of the steps lies whole and verified in the staging afterwards; nothing of the workspace is touched. */
export async function fillStaging(
  steps: StepList,
  { context, staging, onProgress }: { context: JobContext; staging: Staging; onProgress(progress: FillProgress): void },
): Promise<void> {
  const done: FillProgress = { files: 0, bytes: 0 };
  let window: Piece[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const frames = groupByFrame(window);
    window = [];
    bytes = 0;
    for await (const { frame, content } of readFrames(context, frames)) {
      for (const { step, at, sparse, isWhole, blob } of frame.pieces) {
        staging.write(step, { at, content: content.subarray(blob.inner, blob.inner + blob.length), sparse, isWhole });
        done.bytes += blob.length;
      }
      onProgress(done);
    }
  };
  for (const { number, file } of filesOf(steps)) {
    staging.begin(number, file);
    for (const piece of piecesOf(number, file)) {
      window.push(piece);
      bytes += piece.blob.length;
      if (bytes >= WINDOW_BYTES || window.length >= WINDOW_BLOBS) await flush();
    }
    done.files += 1;
  }
  await flush();
}

type Piece = { step: number; at: number; sparse: boolean; isWhole: boolean; path: Uint8Array; blob: BlobRef };
type Frame = WantedFrame & { pieces: Piece[] };

/** Each frame once, neighbours beside each other: they share a request. */
function groupByFrame(pieces: readonly Piece[]): Frame[] {
  const frames = new Map<string, Frame & { blobs: WantedFrame["blobs"][number][] }>();
  for (const piece of pieces) {
    const { pack, frameOffset, frameLength, sha256, inner, length } = piece.blob;
    const name = toHex(pack);
    const key = `${name}:${frameOffset}`;
    const frame = frames.get(key) ?? { pack: name, frameOffset, frameLength, blobs: [], pieces: [] };
    frames.set(key, frame);
    frame.blobs.push({ sha256, inner, length, path: piece.path });
    frame.pieces.push(piece);
  }
  return [...frames.values()].sort((left, right) =>
    left.pack < right.pack ? -1 : left.pack > right.pack ? 1 : left.frameOffset - right.frameOffset,
  );
}

/** Numbers count all steps, so that the second reading finds the same file by the same number. */
function* filesOf(steps: StepList): Generator<{ number: number; file: FileEntry }> {
  let number = 0;
  for (const step of steps) {
    if (isFetched(step)) yield { number, file: step.entry };
    number += 1;
  }
}

export function isFetched(step: Step): step is Step & { entry: FileEntry } {
  const isWritten = step.action === "write" || step.action === "change";
  return isWritten && step.entry.type === "file" && step.entry.hardLinkOf === null;
}

function* piecesOf(step: number, file: FileEntry): Generator<Piece> {
  const { blobs, sparse, path } = file;
  const isWhole = isOnePiece(file);
  let at = 0;
  for (const blob of blobs) {
    yield { step, at, sparse, isWhole, path, blob };
    at += blob.length;
  }
}

/** The disk's own answer is no news for people; this one says what to do. */
export function explainDisk(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new AppError(
    "disk_full",
    "The sandbox's disk is too full to hold the checkpoint's files beside the present ones. Nothing was changed. Remove what is not needed, and restore again.",
  );
}
