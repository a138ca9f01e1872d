// Cuts transcript files into pieces: what grew since the last time is one more piece, what is stored is not sent again.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { MAX_SEGMENT_BYTES, MAX_SEGMENTS_PER_FILE, type TranscriptFile } from "../../shared/transcripts/schema.ts";
import type { FileSize } from "./transcript-files.ts";

type Segments = TranscriptFile["segments"];
export type PutPiece = (piece: { sha256: string; content: Buffer<ArrayBuffer> }) => Promise<void>;

/** Stores what is not stored yet, and gives the file as it is named then. `known`: its pieces of the time before. */
export async function storeFile(
  folder: string,
  file: FileSize,
  known: TranscriptFile | undefined,
  put: PutPiece,
): Promise<TranscriptFile> {
  const stored = known !== undefined && (await beginsWith(folder, file, known)) ? known.segments : [];
  const segments = chooseKept(stored, file.bytes);
  for (let from = sumBytes(segments); from < file.bytes; from += MAX_SEGMENT_BYTES) {
    const content = await readRange(join(folder, file.path), from, Math.min(from + MAX_SEGMENT_BYTES, file.bytes));
    const sha256 = hash(content);
    await put({ sha256, content });
    segments.push({ sha256, bytes: content.length });
  }
  return { path: file.path, segments };
}

/** All that is stored; of too many pieces those that are full: what follows them is cut anew. */
function chooseKept(stored: Segments, fileBytes: number): Segments {
  const more = Math.ceil((fileBytes - sumBytes(stored)) / MAX_SEGMENT_BYTES);
  if (stored.length + more <= MAX_SEGMENTS_PER_FILE) return [...stored];
  const firstSmall = stored.findIndex(({ bytes }) => bytes < MAX_SEGMENT_BYTES);
  return firstSmall === -1 ? [...stored] : stored.slice(0, firstSmall);
}

/** Only growth is taken over: a file that was written anew is stored anew. */
async function beginsWith(folder: string, file: FileSize, known: TranscriptFile): Promise<boolean> {
  const last = known.segments.at(-1);
  const end = sumBytes(known.segments);
  if (last === undefined || end > file.bytes) return false;
  return hash(await readRange(join(folder, file.path), end - last.bytes, end)) === last.sha256;
}

async function readRange(path: string, from: number, to: number): Promise<Buffer<ArrayBuffer>> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.alloc(to - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    if (bytesRead !== buffer.length) throw new Error("a transcript is shorter than it was");
    return buffer;
  } finally {
    await handle.close();
  }
}

function sumBytes(segments: Segments): number {
  return segments.reduce((sum, segment) => sum + segment.bytes, 0);
}

function hash(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
