// Makes a value fit into a number of bytes as JSON: long strings are cut with a note, then long arrays, then the rest.

const encoder = new TextEncoder();

/** UTF-8 bytes of the value as JSON. */
export function jsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value) ?? "null").length;
}

/** Deeper values are cut: JSON's writers and the RPC's readers recurse, and give up on them. */
const MAX_DEPTH = 64;

/** True when the value cannot travel or be stored as it is, whatever its size. */
export function isTooDeep(value: unknown): boolean {
  return isDeeperThan(value, MAX_DEPTH);
}

/** The value itself if it fits, else a copy that does. The kind of every kept field stays what it was. */
export function shortenToFit(value: unknown, maxBytes: number): unknown {
  if (!isTooDeep(value) && jsonBytes(value) <= maxBytes) return value;
  for (const keptCharacters of [32_768, 8_192, 2_048, 512, 128]) {
    for (const keptItems of [Infinity, 50, 10]) {
      const shortened = shorten(value, keptCharacters, keptItems, 0);
      if (jsonBytes(shortened) <= maxBytes) return shortened;
    }
  }
  return { shortened: true };
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeperThan(item, depth - 1));
}

function shorten(value: unknown, keptCharacters: number, keptItems: number, depth: number): unknown {
  if (typeof value === "string") return shortenText(value, keptCharacters);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "[… nested too deep]";
  if (Array.isArray(value)) {
    return value.slice(0, keptItems).map((item) => shorten(item, keptCharacters, keptItems, depth + 1));
  }
  const entries = Object.entries(value).slice(0, 200);
  return Object.fromEntries(entries.map(([key, item]) => [key, shorten(item, keptCharacters, keptItems, depth + 1)]));
}

/** Cuts a text to its first characters and says how many are left out. */
export function shortenText(text: string, keptCharacters: number): string {
  if (text.length <= keptCharacters) return text;
  return `${text.slice(0, keptCharacters)}[… ${text.length - keptCharacters} more characters]`;
}
