// A tree as a tar file: headers as every tar reads them, names as the bytes that they are.
// Long names go before their header as GNU tar writes them, for pax would want them in UTF-8; times to the microsecond as pax does.
import type { Entry } from "./format.ts";
import { concatBytes } from "../concat-bytes.ts";

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const encoder = new TextEncoder();

const TYPE_FLAGS = { file: "0", hard_link: "1", symlink: "2", directory: "5", fifo: "6" } as const;
/** What eleven octal digits hold. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1;

/** Everything that stands before the entry's content. */
export function tarHeader(entry: Entry): Uint8Array<ArrayBuffer> {
  const name = entry.type === "directory" ? concatBytes([entry.path, Uint8Array.of(0x2f)]) : entry.path;
  const link = linkOf(entry);
  const seconds = Math.floor(entry.mtimeUs / 1_000_000);
  const type = entry.type === "file" && entry.hardLinkOf !== null ? "hard_link" : entry.type;
  const header = block(name, {
    mode: entry.mode,
    size: contentBytes(entry),
    seconds: Math.max(0, seconds),
    type: TYPE_FLAGS[type],
    link,
  });
  return concatBytes([...timeRecord(entry.mtimeUs), ...longName("K", link), ...longName("L", name), header]);
}

/** Bytes that follow the header: a hard link has its content where its first name is. */
export function contentBytes(entry: Entry): number {
  return entry.type === "file" && entry.hardLinkOf === null ? entry.size : 0;
}

/** Content fills whole blocks. */
export function tarPadding(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** Two empty blocks. */
export const tarEnd = (): Uint8Array<ArrayBuffer> => new Uint8Array(2 * BLOCK_BYTES);

function linkOf(entry: Entry): Uint8Array {
  if (entry.type === "symlink") return entry.target;
  return (entry.type === "file" ? entry.hardLinkOf : null) ?? new Uint8Array();
}

type Fields = { mode: number; size: number; seconds: number; type: string; link: Uint8Array };

function block(name: Uint8Array, { mode, size, seconds, type, link }: Fields): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(BLOCK_BYTES);
  header.set(name.subarray(0, NAME_BYTES), 0);
  header.set(octal(mode, 7), 100);
  header.set(octal(0, 7), 108);
  header.set(octal(0, 7), 116);
  header.set(size > MAX_OCTAL_SIZE ? base256(size) : octal(size, 11), 124);
  header.set(octal(seconds, 11), 136);
  header.fill(0x20, 148, 156);
  header.set(encoder.encode(type), 156);
  header.set(link.subarray(0, NAME_BYTES), 157);
  header.set(encoder.encode("ustar\u000000"), 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(octal(sum, 6), 148);
  header[155] = 0x20;
  return header;
}

function octal(value: number, digits: number): Uint8Array {
  return encoder.encode(`${value.toString(8).padStart(digits, "0").slice(-digits)}\0`);
}

/** GNU's way for sizes of 8 GB and more: the number in binary, with the highest bit set. */
function base256(value: number): Uint8Array {
  const bytes = new Uint8Array(12);
  let rest = value;
  for (let index = 11; index > 0; index--) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0] = 0x80;
  return bytes;
}

function longName(type: "K" | "L", name: Uint8Array): Uint8Array<ArrayBuffer>[] {
  if (name.length <= NAME_BYTES) return [];
  const content = concatBytes([name, new Uint8Array(1)]);
  const fields = { mode: 0, size: content.length, seconds: 0, type, link: new Uint8Array() };
  return [block(encoder.encode("././@LongLink"), fields), content, tarPadding(content.length)];
}

function timeRecord(mtimeUs: number): Uint8Array<ArrayBuffer>[] {
  const isWhole = mtimeUs >= 0 && mtimeUs % 1_000_000 === 0 && mtimeUs / 1_000_000 < 8 ** 11;
  if (isWhole) return [];
  const record = paxRecord("mtime", decimalSeconds(mtimeUs));
  const fields = { mode: 0o644, size: record.length, seconds: 0, type: "x", link: new Uint8Array() };
  return [block(encoder.encode("PaxHeader"), fields), record, tarPadding(record.length)];
}

function decimalSeconds(mtimeUs: number): string {
  const micros = Math.abs(mtimeUs);
  const fraction = String(micros % 1_000_000).padStart(6, "0");
  return `${mtimeUs < 0 ? "-" : ""}${Math.floor(micros / 1_000_000)}.${fraction}`;
}

/** `<length> key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length > length) length++;
  return Uint8Array.from(encoder.encode(`${length}${rest}`));
}
