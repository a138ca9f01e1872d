// In which order contents are read from packs and given to git: as they come, each frame opened once.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import type { BlobRef, FileEntry } from "../../../shared/checkpoints/format.ts";
import type { WantedBlob, WantedFrame } from "../transfer/pack-reader.ts";
import type { Kept } from "./tree-changes.ts";

type Piece = { entry: FileEntry; blob: BlobRef; isFirst: boolean; isLast: boolean };
type Frame = WantedFrame & { blobs: WantedBlob[]; pieces: Piece[] };

/** `plain`: what needs nothing from a pack, links and files of 0 bytes. A file's pieces stay in order and next to each other. */
export function planContents(entries: readonly Kept[]): { plain: Kept[]; frames: Frame[] } {
  const plain: Kept[] = [];
  const frames: Frame[] = [];
  for (const entry of entries) {
    if (entry.type === "symlink" || entry.blobs.length === 0) plain.push(entry);
    else entry.blobs.forEach((blob, index) => addPiece(frames, pieceOf(entry, blob, index)));
  }
  return { plain, frames };
}

function pieceOf(entry: FileEntry, blob: BlobRef, index: number): Piece {
  return { entry, blob, isFirst: index === 0, isLast: index === entry.blobs.length - 1 };
}

function addPiece(frames: Frame[], piece: Piece): void {
  const { pack, frameOffset, frameLength, sha256, inner, length } = piece.blob;
  const name = toHex(pack);
  const wanted = { sha256, inner, length, path: piece.entry.path };
  const last = frames.at(-1);
  if (last?.pack === name && last.frameOffset === frameOffset) {
    last.blobs.push(wanted);
    last.pieces.push(piece);
  } else frames.push({ pack: name, frameOffset, frameLength, blobs: [wanted], pieces: [piece] });
}
