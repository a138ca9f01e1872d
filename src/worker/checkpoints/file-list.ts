// A checkpoint's files by the page, and a part of one file, straight from where they are stored.
import type { Entry, FileEntry } from "../../shared/checkpoints/format.ts";
import { readShownPath, showPath } from "../../shared/checkpoints/path-bytes.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { TreeReader } from "./reading/tree-reader.ts";

export type ListedFile = {
  path: string;
  type: Entry["type"];
  bytes: number;
  mode: string;
  modified_at: string;
  target?: string;
};
export type FilePart = {
  encoding: "utf-8" | "base64";
  content: string;
  offset: number;
  bytes: number;
  size: number;
};

/** Characters of one page: the answer carries it twice. */
const MAX_PAGE_CHARACTERS = 40_000;

export function showEntry(entry: Entry): ListedFile {
  const modified = new Date(Math.round(entry.mtimeUs / 1000));
  return {
    path: showPath(entry.path),
    type: entry.type,
    bytes: entry.type === "file" ? entry.size : 0,
    mode: entry.mode.toString(8).padStart(4, "0"),
    modified_at: Number.isNaN(modified.getTime()) ? new Date(0).toISOString() : modified.toISOString(),
    ...(entry.type === "symlink" && { target: showPath(entry.target) }),
  };
}

/** The cursor is a chunk and a place in it: going on reads nothing anew. */
export async function listFiles(
  reader: TreeReader,
  cursor: { chunk: number; entry: number },
  limit: number,
): Promise<{ files: ListedFile[]; next: { chunk: number; entry: number } | null }> {
  const files: ListedFile[] = [];
  let characters = 0;
  let skip = cursor.entry;
  for (let index = cursor.chunk; index < reader.tree.chunks.length; index++) {
    const entries = await reader.chunk(index);
    for (let at = skip; at < entries.length; at++) {
      const entry = entries[at];
      if (entry === undefined) break;
      const shown = showEntry(entry);
      characters += JSON.stringify(shown).length;
      const isFull = files.length >= limit || (characters > MAX_PAGE_CHARACTERS && files.length > 0);
      if (isFull) return { files, next: { chunk: index, entry: at } };
      files.push(shown);
    }
    skip = 0;
  }
  return { files, next: null };
}

export async function readFilePart(
  reader: TreeReader,
  path: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<FilePart> {
  const entry = await reader.find(readShownPath(path));
  if (entry === null) {
    throw new AppError(
      "file_not_found",
      "The checkpoint has no such file. get_checkpoint with include_files lists them.",
    );
  }
  if (entry.type !== "file") throw new AppError("file_not_found", `This path is a ${entry.type}, not a file.`);
  const bytes = await readRange(reader, entry, { offset, limit });
  return { ...encode(bytes, offset + bytes.length < entry.size), offset, size: entry.size };
}

async function readRange(
  reader: TreeReader,
  file: FileEntry,
  { offset, limit }: { offset: number; limit: number },
): Promise<Uint8Array> {
  const end = Math.min(file.size, offset + limit);
  const bytes = new Uint8Array(Math.max(0, end - offset));
  let at = 0;
  for (const blob of file.blobs) {
    if (at + blob.length > offset && at < end) {
      const piece = await reader.blobs.read(blob);
      const from = Math.max(0, offset - at);
      bytes.set(piece.subarray(from, Math.min(piece.length, end - at)), Math.max(0, at - offset));
    }
    at += blob.length;
  }
  return bytes;
}

/** Text as text: a character that the end cuts belongs to the next part. */
function encode(bytes: Uint8Array, hasMore: boolean): Pick<FilePart, "encoding" | "content" | "bytes"> {
  for (let cut = 0; cut <= (hasMore ? 3 : 0) && cut < Math.max(1, bytes.length); cut++) {
    const part = bytes.subarray(0, bytes.length - cut);
    try {
      const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(part);
      if (!part.includes(0)) return { encoding: "utf-8", content, bytes: part.length };
    } catch {
      continue;
    }
  }
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return { encoding: "base64", content: btoa(binary), bytes: bytes.length };
}
