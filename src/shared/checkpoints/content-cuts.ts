// Cuts large content where the content says so, so that what is inserted or taken out moves the cuts near it alone.
// A gear hash over the last 32 bytes, FastCDC's way: nothing is looked at below the least length, and a cut is harder
// to find before the middling length than after it.
import { MAX_BLOB_BYTES } from "./format.ts";

export const LEAST_PIECE_BYTES = 512 * 1024;
export const MOST_PIECE_BYTES = MAX_BLOB_BYTES;

const MIDDLING_BYTES = 1024 * 1024;
const WINDOW = 32;
/** High bits: those that all of the window has had a part in. */
const HARD_MASK = 0xfffff000 | 0;
const EASY_MASK = 0xffffe000 | 0;

const GEAR = makeGear();

/** Fixed pseudo-random numbers, one for each byte: part of the format's habits, never to be changed without need. */
function makeGear(): Int32Array {
  const gear = new Int32Array(256);
  let state = 0x9e3779b9;
  for (let index = 0; index < gear.length; index++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    gear[index] = mixed ^ (mixed >>> 14);
  }
  return gear;
}

/**
 * Length of the piece that begins where `content` begins. `content` holds MOST_PIECE_BYTES, or all that is left:
 * with less the answer would depend on how it was read.
 */
export function nextPieceLength(content: Uint8Array): number {
  const end = Math.min(content.length, MOST_PIECE_BYTES);
  if (end <= LEAST_PIECE_BYTES) return end;
  const gear = GEAR;
  let hash = 0;
  let at = LEAST_PIECE_BYTES - WINDOW;
  while (at < LEAST_PIECE_BYTES) hash = ((hash << 1) + (gear[content[at++] ?? 0] ?? 0)) | 0;
  const middle = Math.min(end, MIDDLING_BYTES);
  while (at < middle) {
    hash = ((hash << 1) + (gear[content[at++] ?? 0] ?? 0)) | 0;
    if ((hash & HARD_MASK) === 0) return at;
  }
  while (at < end) {
    hash = ((hash << 1) + (gear[content[at++] ?? 0] ?? 0)) | 0;
    if ((hash & EASY_MASK) === 0) return at;
  }
  return end;
}
