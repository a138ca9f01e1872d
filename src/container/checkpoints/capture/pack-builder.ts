// Takes content in: read straight into the frame that it will be compressed from, small ones together.
import { FRAME_TARGET_BYTES, MAX_BLOB_BYTES } from "../../../shared/checkpoints/format.ts";
import type { BlobIndex } from "./blob-index.ts";
import { createPackAssembler, type FilledFrame, type UnnamedPack } from "./pack-assembler.ts";
import type { ClosedPack } from "./pack-uploads.ts";

export type PackBuilder = {
  /** Where content of at most that many bytes is to be read to. Good until this or `keep` is called again. */
  reserve(bytes: number): Buffer;
  /** Keeps the first bytes of what was reserved as a blob; gives its number. */
  keep(length: number, sha256: Uint8Array): number;
  /** A blob alone in its frame, whose bytes are not touched again. */
  keepAlone(content: Buffer, sha256: Uint8Array): number;
  /** Waits while too much is under way. */
  room(): Promise<void>;
  /** The pack that is open, once every blob kept so far is in it or in one before it. */
  settle(): Promise<UnnamedPack | null>;
  /** Closes what is open: every blob kept so far has a pack with a name. */
  close(): Promise<void>;
  /** At the end, however it came: nothing is kept after it. */
  dispose(): void;
};

const SHARED_BYTES = 2 * FRAME_TARGET_BYTES;
const MAX_SPARE = 8;
/** A frame of nothing but tiny files must not hold more than a pack may. */
const MAX_FRAME_BLOBS = 4096;

export type BuilderParts = {
  index: BlobIndex;
  onClosed(pack: ClosedPack): void;
  /** Waits while those who take packs have enough of them. */
  packRoom(): Promise<void>;
};

export function createPackBuilder({ index, onClosed, packRoom }: BuilderParts): PackBuilder {
  const spare: Buffer[] = [];
  const onFree = ({ content }: FilledFrame) => {
    if (content.length === SHARED_BYTES && spare.length < MAX_SPARE) spare.push(content);
  };
  const assembler = createPackAssembler({ index, onClosed, onFree });
  let shared: FilledFrame | null = null;
  let alone: Buffer | null = null;

  const newFrame = (content: Buffer): FilledFrame => ({ number: index.openFrame(), content, length: 0, blobs: [] });
  const openShared = (): FilledFrame => (shared ??= newFrame(spare.pop() ?? Buffer.allocUnsafeSlow(SHARED_BYTES)));

  function add(frame: FilledFrame, length: number, sha256: Uint8Array): number {
    const blob = index.add(sha256, { frame: frame.number, inner: frame.length, length });
    frame.blobs.push({ sha256: index.sha256(blob), inner: frame.length, length });
    frame.length += length;
    return blob;
  }
  function keepAlone(content: Buffer, sha256: Uint8Array): number {
    const frame = newFrame(content);
    const blob = add(frame, content.length, sha256);
    assembler.send(frame);
    return blob;
  }
  function sendShared(): void {
    if (shared !== null && shared.length > 0) assembler.send(shared);
    shared = null;
  }
  return {
    keepAlone,
    async room() {
      await assembler.room();
      await packRoom();
    },
    reserve(bytes) {
      if (bytes > MAX_BLOB_BYTES) throw new RangeError("a blob is larger than a blob may be");
      alone = bytes < FRAME_TARGET_BYTES ? null : Buffer.allocUnsafeSlow(bytes);
      if (alone !== null) return alone;
      const frame = openShared();
      return frame.content.subarray(frame.length, frame.length + bytes);
    },
    keep(length, sha256) {
      const content = alone?.subarray(0, length);
      alone = null;
      if (content !== undefined) return keepAlone(content, sha256);
      const frame = openShared();
      const blob = add(frame, length, sha256);
      if (frame.length >= FRAME_TARGET_BYTES || frame.blobs.length >= MAX_FRAME_BLOBS) sendShared();
      return blob;
    },
    settle() {
      sendShared();
      return assembler.settle();
    },
    close() {
      sendShared();
      return assembler.close();
    },
    dispose: assembler.dispose,
  };
}
