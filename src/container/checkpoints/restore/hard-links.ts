// Which names are one file on the disk, before and after the steps that were planned so far.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import type { FileEntry } from "../../../shared/checkpoints/format.ts";
import type { Local } from "./compare.ts";

export type HardLinks = {
  isLinked(local: Local, wanted: FileEntry): boolean;
  /** To be called for every path of the walk, in its order, before it is compared. */
  see(local: Local): void;
  /** That path gets a file of its own. */
  replaced(path: Uint8Array): void;
};

export function createHardLinks(): HardLinks {
  /** The first name of each file that has several. */
  const first = new Map<string, string>();
  const replaced = new Set<string>();
  return {
    see(local) {
      if (local.type !== "file" || local.links <= 1) return;
      const file = nameOf(local);
      if (!first.has(file)) first.set(file, toHex(local.path));
    },
    replaced: (path) => void replaced.add(toHex(path)),
    isLinked(local, wanted) {
      if (local.links <= 1) return wanted.hardLinkOf === null;
      const held = first.get(nameOf(local));
      const firstName = toHex(wanted.hardLinkOf ?? wanted.path);
      return held === firstName && !replaced.has(firstName);
    },
  };
}

const nameOf = ({ identity }: Local): string => `${identity.dev}:${identity.ino}`;
