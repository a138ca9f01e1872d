// One file's difference as a unified diff; what is no text, too large or too different is said in one line instead.
import { createTwoFilesPatch } from "diff";
import type { FileEntry } from "../../../shared/checkpoints/format.ts";
import { showPath } from "../../../shared/checkpoints/path-bytes.ts";
import type { TreeReader } from "../reading/tree-reader.ts";

/** Of either side. */
const MAX_FILE_BYTES = 512 * 1024;
/** Lines added and removed, after which the search for the shortest diff is given up. */
const MAX_EDITS = 4_000;
/** Of one file's diff: a page takes several. */
export const MAX_DIFF_CHARACTERS = 24_000;

export type FileSide = { reader: TreeReader; entry: FileEntry } | null;
/** `note` says why there is no diff, or that it was cut. */
export type FileDiff = { diff: string | null; note: string | null };

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export async function diffFile(before: FileSide, after: FileSide): Promise<FileDiff> {
  const [oldBytes, newBytes] = [before?.entry.size ?? 0, after?.entry.size ?? 0];
  const sizes = `${oldBytes} -> ${newBytes} bytes`;
  if (Math.max(oldBytes, newBytes) > MAX_FILE_BYTES) return note(`too large to compare line by line, ${sizes}`);
  const [oldText, newText] = [await readText(before), await readText(after)];
  if (oldText === null || newText === null) return note(`binary, ${sizes}`);
  const names = [nameOf("a", before), nameOf("b", after)] as const;
  const options = { context: 3, maxEditLength: MAX_EDITS };
  const diff = createTwoFilesPatch(...names, oldText, newText, undefined, undefined, options);
  if (diff === undefined) return note(`too different to compare line by line, ${sizes}`);
  return cut(diff.replace(/^=+\n/, ""));
}

const note = (text: string): FileDiff => ({ diff: null, note: text });
const nameOf = (side: string, file: FileSide): string =>
  file === null ? "/dev/null" : `${side}/${showPath(file.entry.path)}`;

async function readText(file: FileSide): Promise<string | null> {
  if (file === null) return "";
  const bytes = new Uint8Array(file.entry.size);
  let at = 0;
  for await (const piece of file.reader.content(file.entry)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  if (bytes.includes(0)) return null;
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** At a line's end, so that what is there is whole. */
function cut(diff: string): FileDiff {
  if (diff.length <= MAX_DIFF_CHARACTERS) return { diff, note: null };
  const end = diff.lastIndexOf("\n", MAX_DIFF_CHARACTERS) + 1 || MAX_DIFF_CHARACTERS;
  return { diff: diff.slice(0, end), note: `cut: ${diff.length - end} more characters` };
}
