// Packs that this sandbox stored lately, on its own disk: an undo reads them there, and not over the network.
// They are believed no more than what comes from outside: every blob is verified, and what is wrong here is fetched.
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";

/** Of the disk that is the agent's. A checkpoint that stores more is kept with its beginning. */
const MAX_BYTES = 64 * 1024 * 1024;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const folderOf = (stateDir: string): string => join(stateDir, "packs");
const pathOf = (stateDir: string, pack: string): string => join(folderOf(stateDir), pack);

export type PackKeeper = {
  /** Keeps a pack that is stored, as far as there is room. Never throws: nothing depends on it. */
  keep(pack: { sha256: string; parts: readonly Uint8Array[]; bytes: number }): void;
};

/** For one checkpoint. */
export function createPackKeeper(stateDir: string): PackKeeper {
  let left = MAX_BYTES;
  return {
    keep({ sha256, parts, bytes }) {
      if (bytes > left) return void (left = 0);
      left -= bytes;
      try {
        mkdirSync(folderOf(stateDir), { recursive: true, mode: 0o700 });
        makeRoom(stateDir, bytes);
        write(pathOf(stateDir, sha256), parts);
      } catch {
        // A full disk, most likely: what is kept here is the first that has to go.
        forgetAllPacks(stateDir);
        left = 0;
      }
    },
  };
}

/** Those bytes of a pack; null where it is not kept whole. */
export function readKeptPack(
  stateDir: string,
  pack: string,
  { from, to }: { from: number; to: number },
): Buffer | null {
  let file: number;
  try {
    file = openSync(pathOf(stateDir, pack), READ_FLAGS);
  } catch {
    return null;
  }
  try {
    if (fstatSync(file).size < to) return null;
    const bytes = Buffer.allocUnsafeSlow(to - from);
    return readSync(file, bytes, 0, bytes.length, from) === bytes.length ? bytes : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

export function forgetPack(stateDir: string, pack: string): void {
  rmSync(pathOf(stateDir, pack), { force: true, recursive: true });
}

function forgetAllPacks(stateDir: string): void {
  rmSync(folderOf(stateDir), { force: true, recursive: true });
}

/** Those that were stored first go first. */
function makeRoom(stateDir: string, bytes: number): void {
  const kept = readdirSync(folderOf(stateDir)).map((name) => ({ name, ...sizeAndTime(pathOf(stateDir, name)) }));
  kept.sort((left, right) => left.storedMs - right.storedMs);
  let total = kept.reduce((sum, { size }) => sum + size, bytes);
  for (const { name, size } of kept) {
    if (total <= MAX_BYTES) return;
    forgetPack(stateDir, name);
    total -= size;
  }
}

function sizeAndTime(path: string): { size: number; storedMs: number } {
  const { size, mtimeMs } = statSync(path);
  return { size, storedMs: mtimeMs };
}

/** Under its own name only once it is whole. */
function write(path: string, parts: readonly Uint8Array[]): void {
  const beside = `${path}.new`;
  const file = openSync(beside, "w", 0o600);
  try {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (writevSync(file, parts) !== bytes) throw new Error("the pack was not written whole");
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
}
