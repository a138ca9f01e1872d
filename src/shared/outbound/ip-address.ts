// Reads IP addresses as text into their numbers; anything that is not written plainly is none.

/** 4 bytes, or 8 groups of 16 bits. */
export type IpAddress = { version: 4; bytes: readonly number[] } | { version: 6; groups: readonly number[] };

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Takes the canonical spelling alone for IPv4: other spellings have been read by the URL parser before. */
export function parseIpAddress(text: string): IpAddress | null {
  const bytes = parseV4(text);
  if (bytes !== null) return { version: 4, bytes };
  const groups = parseV6(text.replace(/^\[(.*)\]$/, "$1"));
  return groups === null ? null : { version: 6, groups };
}

function parseV4(text: string): number[] | null {
  const match = DOTTED.exec(text);
  if (match === null) return null;
  const parts = match.slice(1);
  // A leading zero means octal to some readers.
  if (parts.some((part) => (part.length > 1 && part.startsWith("0")) || Number(part) > 255)) return null;
  return parts.map(Number);
}

/** A zone (`%eth0`) belongs to an interface of this machine, so an address with one is none. */
function parseV6(text: string): number[] | null {
  const halves = text.split("::");
  if (!text.includes(":") || halves.length > 2) return null;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === 8 ? head : null;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? null : [...head, ...Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups = parts.map((part, index) => (index === parts.length - 1 ? parseLast(part) : parseGroup(part)));
  return groups.every((group) => group !== null) ? groups.flat() : null;
}

function parseGroup(text: string): number[] | null {
  return /^[0-9a-f]{1,4}$/i.test(text) ? [Number.parseInt(text, 16)] : null;
}

/** The last part may be an IPv4 address. */
function parseLast(text: string): number[] | null {
  const v4 = parseV4(text);
  if (v4 === null) return parseGroup(text);
  const [a = 0, b = 0, c = 0, d = 0] = v4;
  return [a * 256 + b, c * 256 + d];
}

export function v4OfGroups(high: number, low: number): IpAddress {
  return { version: 4, bytes: [high >> 8, high & 255, low >> 8, low & 255] };
}
