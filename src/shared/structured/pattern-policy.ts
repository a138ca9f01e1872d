// Decides whether a regular expression may be run on an answer: it has to compile, and to come to an end soon.

const MAX_PATTERN_CHARACTERS = 500;
/** Each multiplies the time that a text can take. */
const MAX_OPEN_REPEATS = 4;

export const PATTERN_RULE =
  `a regular expression of at most ${MAX_PATTERN_CHARACTERS} characters with at most ${MAX_OPEN_REPEATS} open repeats, ` +
  "none of them of a group that repeats or chooses within";

export function isUsablePattern(value: unknown): boolean {
  if (typeof value !== "string" || value.length > MAX_PATTERN_CHARACTERS) return false;
  try {
    return new RegExp(value, "u") instanceof RegExp && endsSoon(value);
  } catch {
    return false;
  }
}

/** A repeated group that repeats or chooses within takes time that doubles with every character. */
function endsSoon(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|.)/gsu, "x").replaceAll(/\[[^\]]*\]/g, "x");
  const branching: boolean[] = [false];
  let openRepeats = 0;
  for (const [index, character] of Array.from(bare).entries()) {
    if (character === "(") branching.push(false);
    else if (character === "|") markInnermost(branching);
    else if (character === ")") {
      const isBranching = branching.pop() ?? false;
      if (isBranching && /^(?:[*+]|\{\d+,?\d*\})/.test(bare.slice(index + 1))) return false;
      if (isBranching) markInnermost(branching);
    } else if (/^(?:[*+]|\{\d+,?\d*\})/.test(bare.slice(index))) {
      markInnermost(branching);
      if (/^(?:[*+]|\{\d+,\})/.test(bare.slice(index))) openRepeats += 1;
    }
  }
  return openRepeats <= MAX_OPEN_REPEATS;
}

function markInnermost(branching: boolean[]): void {
  branching[branching.length - 1] = true;
}
