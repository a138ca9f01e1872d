// Zstandard (RFC 8878) as frames one after the other, which is a zstd file as well. workerd's encoder refuses what would come
// to a frame of more than 40,960 bytes (cloudflare/workerd#6769), and its decoder reads the first frame of several.

/** Content that becomes a frame below that limit, whatever it is. */
const SURE_BYTES = 40_000;
const MOST_BYTES = 1024 * 1024;
/** A frame this small leaves room for the next piece to be twice as long. */
const SMALL_FRAME_BYTES = 16_000;

/** Compresses in pieces as long as the encoder takes them. What it throws at a piece that is sure to fit is thrown on. */
export function compressPieces<T extends Uint8Array>(content: Uint8Array, compress: (piece: Uint8Array) => T): T[] {
  const frames: T[] = [];
  let size = MOST_BYTES;
  for (let at = 0; at < content.length || frames.length === 0;) {
    const piece = content.subarray(at, at + size);
    const frame = tryToCompress(piece, compress);
    if (frame === null) {
      size = Math.max(SURE_BYTES, Math.ceil(piece.length / 2));
      continue;
    }
    frames.push(frame);
    at += piece.length;
    if (frame.length < SMALL_FRAME_BYTES) size = Math.min(MOST_BYTES, size * 2);
  }
  return frames;
}

function tryToCompress<T>(piece: Uint8Array, compress: (piece: Uint8Array) => T): T | null {
  try {
    return compress(piece);
  } catch (error) {
    if (piece.length <= SURE_BYTES) throw error;
    return null;
  }
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const CHECKSUM_BYTES = 4;
/** Of a block: one byte, repeated. */
const RLE = 1;

/** Parts bytes into their frames. Throws `RangeError` at what is none, and at one that is cut. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = endOfFrame(bytes, at);
    if (end > bytes.length) throw cut();
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  if (frames.length === 0) throw cut();
  return frames;
}

function endOfFrame(bytes: Uint8Array, start: number): number {
  const magic = readNumber(bytes, start, 4);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return start + 8 + readNumber(bytes, start + 4, 4);
  if (magic !== MAGIC) throw new RangeError("these bytes are no zstd frame");
  const flags = readNumber(bytes, start + 4, 1);
  const isSingleSegment = (flags & 0x20) !== 0;
  const sizeFlag = flags >> 6;
  const contentSizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  let at = start + 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[flags & 3] ?? 0) + contentSizeBytes;
  for (let isLast = false; !isLast;) {
    const header = readNumber(bytes, at, 3);
    isLast = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === RLE ? 1 : header >> 3);
  }
  return at + ((flags & 4) === 0 ? 0 : CHECKSUM_BYTES);
}

/** Little-endian, without a sign. */
function readNumber(bytes: Uint8Array, at: number, length: number): number {
  if (at + length > bytes.length) throw cut();
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

const cut = () => new RangeError("a zstd frame ends too early");
