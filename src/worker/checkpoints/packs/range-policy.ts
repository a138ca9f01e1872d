// Reads a Range header with one range of bytes; everything else is refused rather than answered with more than was asked.

export type ByteRange = { offset: number; length?: number };

export function parseRange(header: string | null): ByteRange | null | "refused" {
  if (header === null) return null;
  const [, first = "", last = ""] = /^bytes=(\d{1,12})-(\d{0,12})$/.exec(header.trim()) ?? [];
  if (first === "") return "refused";
  const offset = Number(first);
  if (last === "") return { offset };
  const length = Number(last) - offset + 1;
  return length > 0 ? { offset, length } : "refused";
}
