// Paths as bytes: how they are ordered, which are safe to write to, and how they are shown to people.

const SLASH = 0x2f;
const DOT = 0x2e;
export const MAX_PATH_BYTES = 4096;

/** The order of the entry list: byte by byte. */
export function comparePaths(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Relative, no empty part, no `.` or `..`, no NUL: it cannot lead outside by itself. */
export function isSafePath(path: Uint8Array): boolean {
  if (path.length === 0 || path.length > MAX_PATH_BYTES || path.includes(0)) return false;
  let start = 0;
  for (let end = 0; end <= path.length; end++) {
    if (end < path.length && path[end] !== SLASH) continue;
    if (!isSafePart(path.subarray(start, end))) return false;
    start = end + 1;
  }
  return true;
}

function isSafePart(part: Uint8Array): boolean {
  if (part.length === 0) return false;
  return !(part[0] === DOT && (part.length === 1 || (part.length === 2 && part[1] === DOT)));
}

/** True for the path itself and everything below it. */
export function isWithin(path: Uint8Array, folder: Uint8Array): boolean {
  if (path.length < folder.length) return false;
  for (let index = 0; index < folder.length; index++) if (path[index] !== folder[index]) return false;
  return path.length === folder.length || path[folder.length] === SLASH;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ESCAPED = /[\\\p{Cc}]/gu;

/** For people, in one line: UTF-8 as it is, everything else, a backslash and control characters as `\xNN`. readShownPath gives the bytes back. */
export function showPath(path: Uint8Array): string {
  try {
    return strict.decode(path).replace(ESCAPED, (character) => escapeBytes(new TextEncoder().encode(character)));
  } catch {
    return Array.from(path, (byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : escapeByte(byte),
    ).join("");
  }
}

/** The bytes of a path as showPath writes it; a path without `\xNN` is its UTF-8. */
export function readShownPath(shown: string): Uint8Array {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const part of shown.split(/(\\x[0-9a-fA-F]{2})/)) {
    if (/^\\x[0-9a-fA-F]{2}$/.test(part)) bytes.push(Number.parseInt(part.slice(2), 16));
    else bytes.push(...encoder.encode(part));
  }
  return Uint8Array.from(bytes);
}

function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, escapeByte).join("");
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
