// A pack: zstd frames one after the other, then an index of them in a frame that every zstd reader skips.
// `zstd -d` gives the contents of a pack; the index alone says what lies in it, should every manifest be lost.
import { ByteReader, ByteWriter } from "./byte-io.ts";

/** Of zstd's sixteen magic numbers for frames to be skipped; little-endian on disk. */
const SKIPPABLE_MAGIC = 0x184d2a5b;
const HEADER_BYTES = 8;
/** `BPK` and the version. */
const TRAILER = Uint8Array.of(0x42, 0x50, 0x4b, 0x01);
const TRAILER_BYTES = 8;

export type PackedBlob = { sha256: Uint8Array; inner: number; length: number };
export type PackedFrame = { offset: number; length: number; blobs: PackedBlob[] };

/** The index as the last bytes of the pack: magic, size, frames, size again, trailer. */
export function encodePackIndex(frames: readonly PackedFrame[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.number(frames.length);
  for (const frame of frames) {
    writer.number(frame.offset);
    writer.number(frame.length);
    writer.number(frame.blobs.length);
    for (const blob of frame.blobs) {
      writer.bytes(blob.sha256);
      writer.number(blob.inner);
      writer.number(blob.length);
    }
  }
  const body = writer.take();
  const framed = new Uint8Array(HEADER_BYTES + body.length + TRAILER_BYTES);
  const view = new DataView(framed.buffer);
  view.setUint32(0, SKIPPABLE_MAGIC, true);
  view.setUint32(4, body.length + TRAILER_BYTES, true);
  framed.set(body, HEADER_BYTES);
  view.setUint32(HEADER_BYTES + body.length, body.length, true);
  framed.set(TRAILER, HEADER_BYTES + body.length + 4);
  return framed;
}

/** Reads the index out of a whole pack. Throws when it has none, or one that does not hold together. */
export function decodePackIndex(pack: Uint8Array): PackedFrame[] {
  const trailerAt = pack.length - TRAILER_BYTES;
  if (trailerAt < HEADER_BYTES || TRAILER.some((byte, index) => pack[trailerAt + 4 + index] !== byte)) {
    throw new RangeError("this is no pack of a known version");
  }
  const size = new DataView(pack.buffer, pack.byteOffset + trailerAt, 4).getUint32(0, true);
  if (size > trailerAt - HEADER_BYTES) throw new RangeError("the pack's index is larger than the pack");
  const reader = new ByteReader(pack.subarray(trailerAt - size, trailerAt));
  return Array.from({ length: reader.number() }, () => readFrame(reader));
}

function readFrame(reader: ByteReader): PackedFrame {
  const offset = reader.number();
  const length = reader.number();
  const blobs: PackedBlob[] = [];
  for (let left = reader.number(); left > 0; left--) {
    blobs.push({ sha256: reader.bytes(32), inner: reader.number(), length: reader.number() });
  }
  return { offset, length, blobs };
}
