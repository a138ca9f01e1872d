// A small checkpoint is one pack: its list lies beside the content that it names, in a pack whose name the list's own bytes
// decide. There the name is left open, as zeros, and put in by whoever reads it.
import type { Entry } from "./format.ts";

/** No bytes have this SHA-256 that anybody knows of. */
export const OWN_PACK: Uint8Array = new Uint8Array(32);

export function isOwnPack(pack: Uint8Array): boolean {
  return pack.every((byte) => byte === 0);
}

/** Puts in the name of the pack that the list lies in, also into the bytes that the entries are views of. */
export function nameOwnPack(entries: readonly Entry[], pack: Uint8Array): void {
  for (const entry of entries) {
    if (entry.type !== "file") continue;
    for (const blob of entry.blobs) if (isOwnPack(blob.pack)) blob.pack.set(pack);
  }
}
