// Reads ranges of packs from R2, a little ahead: frames that lie one after the other cost one request.
import { MAX_PACK_BYTES } from "../../../shared/checkpoints/format.ts";
import { packKey } from "../../../shared/checkpoints/checkpoint-keys.ts";
import { createByteCache } from "./byte-cache.ts";
import { damaged, shortHash } from "./damage.ts";

/** The part of an R2 bucket that reading a checkpoint needs. */
export type ReadingBucket = Pick<R2Bucket, "get" | "head">;

/** What is read at once when the next frames are wanted too. */
const AHEAD_BYTES = 1024 * 1024;
const HELD_BYTES = 8 * 1024 * 1024;

type PackWindow = { start: number; bytes: Uint8Array };

export type PackReader = {
  /** Exactly that range of the pack. */
  range(pack: string, offset: number, length: number): Promise<Uint8Array>;
  /** The last bytes of the pack, at most so many; all of them when it is shorter. */
  tail(pack: string, length: number): Promise<Uint8Array>;
  whole(pack: string): Promise<Uint8Array>;
};

export function createPackReader(bucket: ReadingBucket, teamId: string, ahead: boolean): PackReader {
  const windows = new Map<string, PackWindow>();
  const held = createByteCache(HELD_BYTES);

  async function fetchPart(pack: string, range: R2Range | undefined): Promise<Uint8Array> {
    const object = await bucket.get(packKey(teamId, pack), range === undefined ? {} : { range });
    if (object === null) throw damaged(`pack ${shortHash(pack)} is missing`);
    return new Uint8Array(await object.arrayBuffer());
  }

  /** A range that begins behind the object's end is refused in words alone: its size says what that means. */
  async function isTooShort(pack: string, end: number): Promise<boolean> {
    const object = await bucket.head(packKey(teamId, pack));
    return object !== null && object.size < end;
  }

  function find(pack: string, offset: number, end: number): Uint8Array | null {
    const window = windows.get(pack);
    if (window === undefined || held.get(pack) !== window.bytes) return null;
    const isInside = offset >= window.start && end <= window.start + window.bytes.length;
    return isInside ? window.bytes.subarray(offset - window.start, end - window.start) : null;
  }

  return {
    async range(pack, offset, length) {
      if (offset + length > MAX_PACK_BYTES) throw damaged(`a piece lies outside of pack ${shortHash(pack)}`);
      const known = find(pack, offset, offset + length);
      if (known !== null) return known;
      const wanted = ahead ? Math.max(length, AHEAD_BYTES) : length;
      const bytes = await fetchPart(pack, { offset, length: wanted }).catch(async (error: unknown) => {
        throw (await isTooShort(pack, offset + length)) ? damaged(`pack ${shortHash(pack)} ends too early`) : error;
      });
      if (bytes.length < length) throw damaged(`pack ${shortHash(pack)} ends too early`);
      if (ahead) {
        windows.set(pack, { start: offset, bytes });
        held.set(pack, bytes);
      }
      return bytes.subarray(0, length);
    },
    tail: (pack, length) => fetchPart(pack, { suffix: length }),
    whole: (pack) => fetchPart(pack, undefined),
  };
}
