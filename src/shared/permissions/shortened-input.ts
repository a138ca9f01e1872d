// Makes a tool's input fit and says when something was left out of it: what is not there could be anything.
import { jsonBytes, shortenToFit } from "../events/shorten.ts";

const CUT = /\[… (?:\d+ more characters|nested too deep|parts left out)\]$/;
/** Beside the input's own fields, so that items and fields which leave no trace of their own are missed too. */
const MARK = { "…": "[… parts left out]" };

/** The input itself if it fits, else a copy that does and that `isShortened` knows. */
export function shortenInput(input: unknown, maxBytes: number): unknown {
  const fitting = shortenToFit(input, maxBytes);
  if (fitting === input) return input;
  const smaller = shortenToFit(input, maxBytes - jsonBytes(MARK));
  if (typeof smaller === "string") return smaller;
  return typeof smaller !== "object" || Array.isArray(smaller) ? { shortened: true } : { ...smaller, ...MARK };
}

/** A text that only looks so costs a question, no more. */
export function isShortened(input: unknown): boolean {
  if (typeof input === "string") return CUT.test(input);
  if (typeof input !== "object" || input === null) return false;
  if ("shortened" in input && input.shortened === true && Object.keys(input).length === 1) return true;
  return Object.values(input).some(isShortened);
}
