// Reads frames out of stored packs: by ranges, several at once, in order, each blob verified by its SHA-256.
import { hash } from "node:crypto";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import { FRAME_TARGET_BYTES, type ListChunk, MAX_BLOB_BYTES } from "../../../shared/checkpoints/format.ts";
import { nameOwnPack } from "../../../shared/checkpoints/own-pack.ts";
import { showPath } from "../../../shared/checkpoints/path-bytes.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { EDGE_PATHS } from "../../../shared/rpc/protocol.ts";
import type { JobContext } from "../job-context.ts";
import { askEdge } from "./edge-client.ts";
import { forgetPack, readKeptPack } from "./pack-cache.ts";

export type WantedBlob = {
  sha256: Uint8Array;
  inner: number;
  length: number;
  /** Of which file, for the message when it is damaged; null for a piece of the entry list. */
  path: Uint8Array | null;
};
/** A frame, and what is wanted of it. May carry more: it is handed back as it is. */
export type WantedFrame = {
  /** 64 hex digits. */
  pack: string;
  frameOffset: number;
  frameLength: number;
  blobs: readonly WantedBlob[];
};
/** `content` is the whole frame's: a blob is `content.subarray(inner, inner + length)`. */
export type FrameContent<Frame> = { frame: Frame; content: Buffer };

/** Frames of one pack with no more than this between them are fetched at once. */
const MAX_GAP_BYTES = 64 * 1024;
const MAX_RANGE_BYTES = 2 * 1024 * 1024;
/** Small ranges are asked for in greater number: it is the way there and back that they take. */
const RANGES_AHEAD = 8;
const BYTES_AHEAD = 4 * 1024 * 1024;
const FRAMES_AHEAD = 4;
const MIN_OUTPUT_BYTES = 64 * 1024;
const SPARE_BYTES = 64;
const MAX_FRAME_BYTES = MAX_BLOB_BYTES + 2 * FRAME_TARGET_BYTES;

const decompress = promisify(zstdDecompress);
type ReadContext = Pick<JobContext, "edgeUrl" | "tokens" | "renewTokens" | "stateDir">;
type Range<Frame> = { pack: string; from: number; to: number; frames: Frame[] };
/** `again`: where the bytes are this disk's own, how to get those that are stored. */
type RangeBytes = { bytes: Buffer; again: (() => Promise<Buffer>) | null };

/**
 * In the order given, which should be that of packs and offsets within them: neighbours share a request.
 * Throws `checkpoint_damaged`, naming pack and path, at the first that is missing or not what it was.
 */
export async function* readFrames<Frame extends WantedFrame>(
  context: ReadContext,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
): AsyncGenerator<FrameContent<Frame>, void> {
  const ranges = joinFrames(frames);
  const ahead: { range: Range<Frame>; bytes: Promise<RangeBytes> }[] = [];
  for (let isLast = false; ;) {
    while (!isLast && ahead.length < RANGES_AHEAD && bytesOf(ahead) < BYTES_AHEAD) {
      const next = await ranges.next();
      if (next.done === true) isLast = true;
      else ahead.push({ range: next.value, bytes: quiet(readRange(context, next.value)) });
    }
    const first = ahead.shift();
    if (first === undefined) return;
    yield* openFrames(first.range, await first.bytes);
  }
}

/** A tree's entry list, chunk by chunk in order, each as readEntries takes it. */
export async function* readListChunks(
  context: ReadContext,
  chunks: readonly ListChunk[],
): AsyncGenerator<Buffer, void> {
  const frames = chunks.map((chunk) => ({
    pack: chunk.pack,
    frameOffset: chunk.frame_offset,
    frameLength: chunk.frame_length,
    blobs: [
      { sha256: Buffer.from(chunk.stored_sha256 ?? chunk.sha256, "hex"), inner: 0, length: chunk.length, path: null },
    ],
    chunk,
  }));
  for await (const { frame, content } of readFrames(context, frames)) {
    if (frame.chunk.stored_sha256 !== undefined) nameIn(frame.chunk, content);
    yield content;
  }
}

/** It left the name of its own pack open. */
function nameIn({ pack, sha256 }: ListChunk, content: Buffer): void {
  nameOwnPack(readEntries(content), Buffer.from(pack, "hex"));
  if (hash("sha256", content, "hex") !== sha256) throw damaged(pack, null);
}

const bytesOf = (ahead: readonly { range: Range<unknown> }[]): number =>
  ahead.reduce((sum, { range }) => sum + range.to - range.from, 0);

async function* joinFrames<Frame extends WantedFrame>(
  frames: Iterable<Frame> | AsyncIterable<Frame>,
): AsyncGenerator<Range<Frame>, void> {
  let range: Range<Frame> | null = null;
  for await (const frame of frames) {
    const to = frame.frameOffset + frame.frameLength;
    if (range !== null && isNeighbour(range, frame)) {
      range.to = Math.max(range.to, to);
      range.frames.push(frame);
      continue;
    }
    if (range !== null) yield range;
    range = { pack: frame.pack, from: frame.frameOffset, to, frames: [frame] };
  }
  if (range !== null) yield range;
}

function isNeighbour(range: Range<unknown>, frame: WantedFrame): boolean {
  const gap = frame.frameOffset - range.to;
  const isNear = frame.frameOffset >= range.from && gap <= MAX_GAP_BYTES;
  return frame.pack === range.pack && isNear && frame.frameOffset + frame.frameLength - range.from <= MAX_RANGE_BYTES;
}

async function readRange(context: ReadContext, range: Range<WantedFrame>): Promise<RangeBytes> {
  const { stateDir } = context;
  const kept = readKeptPack(stateDir, range.pack, range);
  if (kept === null) return { bytes: await fetchRange(context, range), again: null };
  let fetched: Promise<Buffer> | null = null;
  const again = (): Promise<Buffer> => {
    if (fetched === null) forgetPack(stateDir, range.pack);
    return (fetched ??= fetchRange(context, range));
  };
  return { bytes: kept, again };
}

async function fetchRange(context: ReadContext, { pack, from, to }: Range<WantedFrame>): Promise<Buffer> {
  const { status, body } = await askEdge(context, {
    method: "GET",
    path: `${EDGE_PATHS.packs}/${pack}`,
    access: "read",
    headers: { range: `bytes=${from}-${to - 1}` },
  });
  if (status === 206 && body.length === to - from) return body;
  if (status === 200 && body.length >= to) return body.subarray(from, to);
  if (status === 404) throw new AppError("checkpoint_damaged", `Pack ${pack} of this checkpoint is missing.`);
  if (status === 200 || status === 206 || status === 416) {
    throw new AppError("checkpoint_damaged", `Pack ${pack} of this checkpoint is shorter than it was.`);
  }
  throw new AppError("checkpoint_failed", `The store for checkpoints refused to hand out pack ${pack} (${status}).`);
}

async function* openFrames<Frame extends WantedFrame>(
  range: Range<Frame>,
  bytes: RangeBytes,
): AsyncGenerator<FrameContent<Frame>, void> {
  const opened: Promise<Buffer>[] = [];
  for (const [index, frame] of range.frames.entries()) {
    while (opened.length < range.frames.length && opened.length <= index + FRAMES_AHEAD) {
      const next = range.frames[opened.length];
      if (next !== undefined) opened.push(quiet(openFrame(next, bytes, range.from)));
    }
    const content = await (opened[index] ?? openFrame(frame, bytes, range.from));
    // Let go of it: a range may hold far more than its bytes when it is opened.
    opened[index] = Promise.resolve(NOTHING);
    yield { frame, content };
  }
}

async function openFrame(frame: WantedFrame, { bytes, again }: RangeBytes, from: number): Promise<Buffer> {
  const content = await decompressFrame(frame, bytes, from);
  const damagedBlob = findDamaged(frame, content);
  if (damagedBlob === null) return content;
  if (again === null) throw damaged(frame.pack, damagedBlob.path);
  return openFrame(frame, { bytes: await again(), again: null }, from);
}

const NOTHING = Buffer.alloc(0);

/** What does not decompress holds nothing of what is wanted. */
function decompressFrame(frame: WantedFrame, bytes: Buffer, from: number): Promise<Buffer> {
  const start = frame.frameOffset - from;
  const packed = bytes.subarray(start, start + frame.frameLength);
  // In one piece, with room to spare, or a second one is made ready: by default it comes in hundreds, each by way of the event loop.
  const wanted = Math.max(...frame.blobs.map(({ inner, length }) => inner + length));
  const chunkSize = Math.max(MIN_OUTPUT_BYTES, wanted + SPARE_BYTES);
  return decompress(packed, { maxOutputLength: MAX_FRAME_BYTES, chunkSize }).catch(() => NOTHING);
}

function findDamaged({ blobs }: WantedFrame, content: Buffer): WantedBlob | null {
  const isWhole = ({ inner, length, sha256 }: WantedBlob): boolean =>
    hash("sha256", content.subarray(inner, inner + length), "buffer").equals(sha256);
  return blobs.find((blob) => !isWhole(blob)) ?? null;
}

function damaged(pack: string, path: Uint8Array | null): AppError {
  const what = path === null ? "the list of files" : showPath(path);
  return new AppError(
    "checkpoint_damaged",
    `Pack ${pack} of this checkpoint is damaged: what it holds of ${what} is not what was stored.`,
  );
}

/** It is awaited later: a failure before then is nobody's but the one's who awaits it. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
