// Writes the sorted entry list as chunks: those that the parent has already are named again, the others are kept as blobs.
import { hash } from "node:crypto";
import { ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { readEntries } from "../../../shared/checkpoints/entry-codec.ts";
import type { ListChunk } from "../../../shared/checkpoints/format.ts";
import { isListChunkFull, startsListChunk } from "../../../shared/checkpoints/list-chunks.ts";
import { isOwnPack, nameOwnPack } from "../../../shared/checkpoints/own-pack.ts";
import type { BlobIndex } from "./blob-index.ts";
import { blobsOf } from "./entry-scan.ts";
import type { PackBuilder } from "./pack-builder.ts";

export type EntryList = {
  add(path: Uint8Array, entry: Uint8Array): void;
  /** Bytes of the chunk that is open. */
  openBytes(): number;
  /** Ends the last chunk. Its place is known once the builder is closed. */
  end(): void;
  chunks(): ListChunk[];
  /** Every pack that entries and chunks name, sorted. */
  packs(): string[];
};

/** `unnamed`: its bytes, where they leave the name of its own pack open. */
type OpenChunk = {
  sha256: Buffer;
  blob: number;
  unnamed: Buffer | null;
  length: number;
  entries: number;
  first: string;
};

export function createEntryList(
  known: readonly ListChunk[],
  { index, builder }: { index: BlobIndex; builder: PackBuilder },
): EntryList {
  const byHash = new Map(known.map((chunk) => [chunk.sha256, chunk]));
  const packs = createPackSet();
  const chunks: (ListChunk | OpenChunk)[] = [];
  const writer = new ByteWriter();
  let entries = 0;
  let first = "";
  let namesOwnPack = false;

  function end(): void {
    if (entries === 0) return;
    const bytes = Buffer.from(writer.take().buffer);
    const sha256 = hash("sha256", bytes, "buffer");
    const same = byHash.get(sha256.toString("hex"));
    const counted = { length: bytes.length, entries, first };
    const unnamed = namesOwnPack ? bytes : null;
    chunks.push(same ?? { ...counted, sha256, blob: builder.keepAlone(bytes, sha256), unnamed });
    entries = 0;
    namesOwnPack = false;
  }
  function placed(chunk: OpenChunk): ListChunk {
    const { pack, frameOffset, frameLength } = index.ref(chunk.blob);
    const stored = chunk.sha256.toString("hex");
    return {
      ...(chunk.unnamed === null
        ? { sha256: stored }
        : { sha256: hashNamed(chunk.unnamed, pack), stored_sha256: stored }),
      pack: Buffer.from(pack).toString("hex"),
      frame_offset: frameOffset,
      frame_length: frameLength,
      length: chunk.length,
      entries: chunk.entries,
      first: chunk.first,
    };
  }
  /** Once: what was open is closed by then. */
  function all(): ListChunk[] {
    for (const [index, chunk] of chunks.entries()) if ("blob" in chunk) chunks[index] = placed(chunk);
    return chunks as ListChunk[];
  }
  return {
    end,
    chunks: all,
    openBytes: () => writer.length,
    add(path, entry) {
      if (startsListChunk(path) || isListChunkFull({ entries, bytes: writer.length })) end();
      if (entries === 0) first = Buffer.from(path).toString("base64url");
      writer.bytes(entry);
      entries += 1;
      for (const { pack } of blobsOf(entry)) {
        if (isOwnPack(pack)) namesOwnPack = true;
        else packs.add(pack);
      }
    },
    packs: () => [...new Set([...packs.names(), ...all().map(({ pack }) => pack)])].sort(),
  };
}

function hashNamed(unnamed: Buffer, pack: Uint8Array): string {
  const bytes = Buffer.from(unnamed);
  nameOwnPack(readEntries(bytes), pack);
  return hash("sha256", bytes, "hex");
}

/** Neighbours mostly lie in the same pack: it is looked up once for a run of them. */
function createPackSet() {
  const names = new Set<string>();
  let last = Buffer.alloc(0);
  return {
    add(pack: Uint8Array): void {
      if (last.equals(pack)) return;
      last = Buffer.from(pack);
      names.add(last.toString("hex"));
    },
    names: () => names,
  };
}
