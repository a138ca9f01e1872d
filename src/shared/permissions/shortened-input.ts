// Tells whether a tool's input was cut on its way here: what was cut off could be anything.

const CUT = /\[… (?:\d+ more characters|nested too deep)\]$/;

/** The counterpart of shortenToFit. A text that only looks so costs a question, no more. */
export function isShortened(input: unknown): boolean {
  if (typeof input === "string") return CUT.test(input);
  if (typeof input !== "object" || input === null) return false;
  if ("shortened" in input && input.shortened === true && Object.keys(input).length === 1) return true;
  return Object.values(input).some(isShortened);
}
