// Where each known content lies: a blob has a number and lies in a frame, the frame in a pack, and a pack has its name
// once it is closed. A million files must fit into a small process.
import type { BlobRef } from "../../../shared/checkpoints/format.ts";
import { OWN_PACK } from "../../../shared/checkpoints/own-pack.ts";
import { type BlobPlace, createBlobRecords } from "./blob-records.ts";

export type BlobIndex = {
  /** The number of that content; -1 when it is not known. */
  find(sha256: Uint8Array): number;
  /** Content in a frame. Of the same content twice, the one added first is found. */
  add(sha256: Uint8Array, place: BlobPlace): number;
  /** Content that is stored already. */
  addRef(ref: BlobRef): number;
  /** A frame that is on its way into a pack. */
  openFrame(): number;
  placeFrame(frame: number, at: { pack: number; offset: number; length: number }): void;
  openPack(): number;
  namePack(pack: number, sha256: Uint8Array): void;
  /** True once the pack that holds it is named. */
  isNamed(blob: number): boolean;
  ref(blob: number): BlobRef;
  /** The pack that it lies in, named or not; -1 while its frame is on the way into one. */
  packOf(blob: number): number;
  /** As a list says it that lies in the same pack. */
  refInOwnPack(blob: number): BlobRef;
  sha256(blob: number): Buffer;
};

const NOWHERE = 0xffffffff;

export function createBlobIndex(): BlobIndex {
  const blobs = createBlobRecords();
  const frames = createRows(3);
  const packs = createPackNames();
  let last = { pack: new Uint8Array(32), offset: -1, frame: -1 };

  /** Neighbours share a frame: one row for the run of them is enough. */
  function frameOf(ref: BlobRef): number {
    if (last.offset === ref.frameOffset && packs.same(last.pack, ref.pack)) return last.frame;
    const frame = frames.push([packs.numberOf(ref.pack), ref.frameOffset, ref.frameLength]);
    last = { pack: Uint8Array.from(ref.pack), offset: ref.frameOffset, frame };
    return frame;
  }
  function refIn(blob: number, pack: Uint8Array): BlobRef {
    const { frame, inner, length } = blobs.place(blob);
    const [frameOffset, frameLength] = [frames.get(frame, 1), frames.get(frame, 2)];
    return { sha256: blobs.sha256(blob), pack, frameOffset, frameLength, inner, length };
  }
  return {
    add: blobs.add,
    find: blobs.find,
    sha256: blobs.sha256,
    addRef: (ref) => blobs.add(ref.sha256, { frame: frameOf(ref), inner: ref.inner, length: ref.length }),
    openFrame: () => frames.push([NOWHERE, 0, 0]),
    placeFrame: (frame, { pack, offset, length }) => frames.set(frame, [pack, offset, length]),
    openPack: packs.open,
    namePack: packs.name,
    isNamed: (blob) => packs.get(frames.get(blobs.place(blob).frame, 0)) !== null,
    ref(blob) {
      const pack = packs.get(frames.get(blobs.place(blob).frame, 0));
      if (pack === null) throw new Error("a blob is asked for before its pack has a name");
      return refIn(blob, pack);
    },
    packOf(blob) {
      const pack = frames.get(blobs.place(blob).frame, 0);
      return pack === NOWHERE ? -1 : pack;
    },
    refInOwnPack: (blob) => refIn(blob, OWN_PACK),
  };
}

function createPackNames() {
  const names: (Uint8Array | null)[] = [];
  const numbers = new Map<string, number>();
  return {
    same: (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0,
    numberOf(sha256: Uint8Array): number {
      const key = Buffer.from(sha256).toString("latin1");
      const known = numbers.get(key) ?? names.push(Uint8Array.from(sha256)) - 1;
      numbers.set(key, known);
      return known;
    },
    open: () => names.push(null) - 1,
    name: (pack: number, sha256: Uint8Array) => void (names[pack] = sha256),
    get: (pack: number): Uint8Array | null => names[pack] ?? null,
  };
}

/** Rows of 32-bit numbers that grow. */
function createRows(width: number) {
  let cells = new Uint32Array(width * 256);
  let rows = 0;
  return {
    push(row: readonly number[]): number {
      if ((rows + 1) * width > cells.length) {
        const grown = new Uint32Array(cells.length * 2);
        grown.set(cells);
        cells = grown;
      }
      cells.set(row, rows * width);
      return rows++;
    },
    set: (row: number, values: readonly number[]) => cells.set(values, row * width),
    get: (row: number, column: number) => cells[row * width + column] ?? NOWHERE,
  };
}
