// The lines of a change, each marked as kept, removed or added.
import { diffLines } from "diff";
import { makeVisible } from "./visible-text.ts";

export type DiffLine = { mark: " " | "-" | "+"; text: string };

/** Beyond it the two sides are shown one after the other: comparing them would take too long. */
const MAX_EDITS = 2_000;

export function toDiffLines(before: string, after: string): DiffLine[] {
  const parts = diffLines(before, after, { maxEditLength: MAX_EDITS }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return parts.flatMap(({ value, removed, added }) => {
    const mark = added ? "+" : removed ? "-" : " ";
    return splitLines(value).map((text): DiffLine => ({ mark, text: makeVisible(text) }));
  });
}

function splitLines(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}
