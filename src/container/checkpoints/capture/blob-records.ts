// A growing table of blobs by SHA-256, a few bytes for each and none of them an object of its own.

export type BlobPlace = { frame: number; inner: number; length: number };

export type BlobRecords = {
  /** The number of the first that has this SHA-256; -1 for none. */
  find(sha256: Uint8Array): number;
  add(sha256: Uint8Array, place: BlobPlace): number;
  sha256(blob: number): Buffer;
  place(blob: number): BlobPlace;
};

/** SHA-256, frame, place within the frame, length. */
const RECORD_BYTES = 32 + 12;
const SEGMENT_RECORDS = 8192;
const NOBODY = 0xffffffff;

export function createBlobRecords(): BlobRecords {
  const segments: Buffer[] = [];
  let count = 0;
  let slots = new Uint32Array(2048).fill(NOBODY);

  const recordOf = (blob: number): Buffer => {
    const start = (blob % SEGMENT_RECORDS) * RECORD_BYTES;
    return (segments[Math.floor(blob / SEGMENT_RECORDS)] ?? Buffer.alloc(0)).subarray(start, start + RECORD_BYTES);
  };
  const sha256Of = (blob: number): Buffer => recordOf(blob).subarray(0, 32);

  /** Its own slot, or the empty one where it would be. SHA-256 is as good a hash as any. */
  function slotOf(sha256: Uint8Array): number {
    const mask = slots.length - 1;
    let slot = new DataView(sha256.buffer, sha256.byteOffset, 4).getUint32(0) & mask;
    for (let blob = slots[slot] ?? NOBODY; blob !== NOBODY; blob = slots[slot] ?? NOBODY) {
      if (sha256Of(blob).equals(sha256)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
  function enter(blob: number, sha256: Uint8Array): void {
    const slot = slotOf(sha256);
    if (slots[slot] === NOBODY) slots[slot] = blob;
  }
  function grow(): void {
    slots = new Uint32Array(slots.length * 2).fill(NOBODY);
    for (let blob = 0; blob < count; blob++) enter(blob, sha256Of(blob));
  }
  return {
    sha256: sha256Of,
    find(sha256) {
      const blob = slots[slotOf(sha256)] ?? NOBODY;
      return blob === NOBODY ? -1 : blob;
    },
    add(sha256, { frame, inner, length }) {
      const blob = count++;
      if (blob % SEGMENT_RECORDS === 0) segments.push(Buffer.allocUnsafeSlow(SEGMENT_RECORDS * RECORD_BYTES));
      const record = recordOf(blob);
      record.set(sha256);
      record.writeUInt32LE(frame, 32);
      record.writeUInt32LE(inner, 36);
      record.writeUInt32LE(length, 40);
      if (count * 2 > slots.length) grow();
      enter(blob, sha256);
      return blob;
    },
    place(blob) {
      const record = recordOf(blob);
      return { frame: record.readUInt32LE(32), inner: record.readUInt32LE(36), length: record.readUInt32LE(40) };
    },
  };
}
