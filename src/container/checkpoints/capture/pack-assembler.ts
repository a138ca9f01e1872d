// Packs: frames in the order in which they came, compressed in Node's thread pool, closed when full and handed on.
import { createHash } from "node:crypto";
import { MAX_PACK_BLOBS, PACK_TARGET_BYTES } from "../../../shared/checkpoints/format.ts";
import { encodePackIndex, type PackedBlob, type PackedFrame } from "../../../shared/checkpoints/pack-format.ts";
import type { BlobIndex } from "./blob-index.ts";
import { createFrameCompressor } from "./frame-compressor.ts";
import type { ClosedPack } from "./pack-uploads.ts";

export type FilledFrame = { number: number; content: Buffer; length: number; blobs: PackedBlob[] };

export type PackAssembler = {
  send(frame: FilledFrame): void;
  /** Waits while too many are being compressed. */
  room(): Promise<void>;
  /** Once every frame sent so far is in a pack: the one that is open. */
  settle(): Promise<UnnamedPack | null>;
  /** Closes the pack that is open once every frame sent so far is in it. */
  close(): Promise<void>;
  /** What is under way is lost. */
  dispose(): void;
};

/** `number` as the index counts them. */
export type UnnamedPack = { number: number; bytes: number; blobs: number };

export type AssemblerParts = {
  index: BlobIndex;
  onClosed(pack: ClosedPack): void;
  /** Its content may be written over. */
  onFree(frame: FilledFrame): void;
};

/** Those that wait for a stream among them. */
const COMPRESSING_AT_ONCE = 6;

export function createPackAssembler({ index, onClosed, onFree }: AssemblerParts): PackAssembler {
  const compressor = createFrameCompressor();
  let pack: OpenPack | null = null;
  let compressing = 0;
  let tail: Promise<void> = Promise.resolve();
  let failure: unknown = null;
  let wake = () => {};

  function append(frame: FilledFrame, parts: readonly Buffer[]): void {
    if (pack !== null && pack.blobs + frame.blobs.length > MAX_PACK_BLOBS) closePack();
    pack ??= { number: index.openPack(), parts: [], bytes: 0, frames: [], blobs: 0 };
    index.placeFrame(frame.number, { pack: pack.number, ...putInto(pack, frame, parts) });
    if (pack.bytes >= PACK_TARGET_BYTES) closePack();
  }
  function closePack(): void {
    if (pack === null) return;
    const closed = sealPack(pack);
    index.namePack(pack.number, Buffer.from(closed.sha256, "hex"));
    // What is named may bring more at once: pieces of the entry list, for the next pack.
    pack = null;
    onClosed(closed);
  }
  async function take(frame: FilledFrame, packed: Promise<readonly Buffer[]>, before: Promise<void>): Promise<void> {
    try {
      await before;
      append(frame, await packed);
    } catch (error) {
      failure ??= error;
    }
    compressing -= 1;
    onFree(frame);
    wake();
  }
  const check = () => {
    if (failure !== null) throw failure;
  };
  const isBusy = () => failure === null && compressing >= COMPRESSING_AT_ONCE;
  async function settle(): Promise<OpenPack | null> {
    await tail;
    check();
    return pack;
  }
  return {
    send(frame) {
      compressing += 1;
      const packed = compressor.compress(frame.content.subarray(0, frame.length));
      // Awaited in its turn: until then its failure is nobody's.
      packed.catch(() => {});
      tail = take(frame, packed, tail);
    },
    async room() {
      while (isBusy()) await new Promise<void>((resolve) => (wake = resolve));
      check();
    },
    settle,
    close: () => settle().then(closePack),
    dispose: compressor.close,
  };
}

type OpenPack = UnnamedPack & { parts: Uint8Array[]; frames: PackedFrame[] };

/** Where it lies now. */
function putInto(pack: OpenPack, { blobs }: FilledFrame, parts: readonly Buffer[]): { offset: number; length: number } {
  const place = { offset: pack.bytes, length: sizeOf(parts) };
  pack.frames.push({ ...place, blobs });
  pack.parts.push(...parts);
  pack.bytes += place.length;
  pack.blobs += blobs.length;
  return place;
}

function sealPack(pack: OpenPack): ClosedPack {
  const parts = [...pack.parts, encodePackIndex(pack.frames)];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return { sha256: hash.digest("hex"), parts, bytes: sizeOf(parts) };
}

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);
