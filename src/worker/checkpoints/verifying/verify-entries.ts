// Checks that each blob of each entry lies where the entry says: by the pack's index, and by reading it where the pack is damaged.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import { type BlobRef, type Entry, MAX_PACK_BYTES } from "../../../shared/checkpoints/format.ts";
import { decodePackIndex } from "../../../shared/checkpoints/pack-format.ts";
import { showPath } from "../../../shared/checkpoints/path-bytes.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { TreeReader } from "../reading/tree-reader.ts";

/** Enough for the index of a pack of ordinary files; a larger one is read again. */
const TAIL_BYTES = 256 * 1024;
const MAX_INDEXES = 24;

type PackIndex = ReadonlySet<string> | null;

export type EntryVerifier = {
  /** The paths of that chunk that cannot be had whole; all of them when the chunk itself cannot be read. */
  hitPaths(chunk: number): Promise<string[]>;
};

export function createEntryVerifier(reader: TreeReader, damagedPacks: ReadonlySet<string>): EntryVerifier {
  const named = new Set(reader.tree.packs);
  const indexes = new Map<string, PackIndex>();
  async function indexOf(pack: string): Promise<PackIndex> {
    const known = indexes.get(pack);
    if (known !== undefined) return known;
    const read = await readPackIndex(reader, pack);
    if (indexes.size >= MAX_INDEXES) indexes.clear();
    indexes.set(pack, read);
    return read;
  }
  async function isThere(blob: BlobRef): Promise<boolean> {
    const pack = toHex(blob.pack);
    if (!named.has(pack)) return false;
    if (!damagedPacks.has(pack)) return (await indexOf(pack))?.has(placeOf(blob)) === true;
    return isReadable(() => reader.blobs.read(blob));
  }
  return {
    async hitPaths(index) {
      let entries: Entry[] = [];
      const isListed = await isReadable(async () => (entries = await reader.chunk(index)));
      if (!isListed) return [`(the list of files ${index + 1} of ${reader.tree.chunks.length} and all that it names)`];
      const hit: string[] = [];
      for (const entry of entries) {
        if (entry.type !== "file") continue;
        for (const blob of entry.blobs) {
          if (await isThere(blob)) continue;
          hit.push(showPath(entry.path));
          break;
        }
      }
      return hit;
    },
  };
}

/** Damage is an answer here; that storage does not answer is none. */
async function isReadable(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "checkpoint_damaged") return false;
    throw error;
  }
}

async function readPackIndex(reader: TreeReader, pack: string): Promise<PackIndex> {
  for (const length of [TAIL_BYTES, MAX_PACK_BYTES]) {
    let tail = new Uint8Array() as Uint8Array;
    if (!(await isReadable(async () => (tail = await reader.packs.tail(pack, length))))) return null;
    const places = decode(tail);
    if (places !== null) return places;
  }
  return null;
}

function decode(tail: Uint8Array): Set<string> | null {
  try {
    const frames = decodePackIndex(tail);
    return new Set(
      frames.flatMap(({ offset, length, blobs }) =>
        blobs.map((blob) => placeOf({ ...blob, frameOffset: offset, frameLength: length })),
      ),
    );
  } catch {
    return null;
  }
}

function placeOf(blob: Omit<BlobRef, "pack">): string {
  return `${toHex(blob.sha256)} ${blob.frameOffset} ${blob.frameLength} ${blob.inner} ${blob.length}`;
}
