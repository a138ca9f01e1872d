// Decides whether a regular expression may be run on an answer: it has to compile, and to come to an end soon.

const MAX_PATTERN_CHARACTERS = 500;
/** Each multiplies the time that a text can take by the text's length. */
const MAX_OPEN_REPEATS = 3;
/** A repeat that has more than this is as costly as one without an end. */
const MAX_CLOSED_REPEAT = 16;
const MAX_REPEAT = 1000;
/** So many ways to match a text may there be apart from the open repeats. */
const MAX_WAYS = 1000;

export const PATTERN_RULE =
  `a regular expression of at most ${MAX_PATTERN_CHARACTERS} characters with at most ${MAX_OPEN_REPEATS} repeats that are ` +
  `open or above ${MAX_CLOSED_REPEAT}, none of a group that repeats or chooses within, few choices and no back reference`;

type PatternCost = { openRepeats: number; ways: number; isAnchored: boolean };

export function isUsablePattern(value: unknown): boolean {
  if (typeof value !== "string" || value.length > MAX_PATTERN_CHARACTERS) return false;
  try {
    return new RegExp(value, "u") instanceof RegExp && readCost(value) !== null;
  } catch {
    return false;
  }
}

/** How many steps a usable pattern takes at most on a text of that length; Infinity for one that is not usable. */
export function countPatternSteps(pattern: string, characters: number): number {
  const cost = readCost(pattern);
  if (cost === null) return Infinity;
  return cost.ways * Math.max(1, characters) ** (cost.openRepeats + (cost.isAnchored ? 0 : 1));
}

/** A group, or the whole: `ways` are those of the alternative that is being read, `last` is what a repeat would repeat. */
type Group = { waysBefore: number; ways: number; last: { ways: number; isBranching: boolean }; isBranching: boolean };

const SINGLE = { ways: 1, isBranching: false };
const newGroup = (): Group => ({ waysBefore: 0, ways: 1, last: SINGLE, isBranching: false });

/** Null when it has more than the limits allow. */
function readCost(pattern: string): PatternCost | null {
  const bare = bareOf(pattern);
  if (bare === null) return null;
  let group = newGroup();
  const outer: Group[] = [];
  let openRepeats = 0;
  for (const token of bare.match(/(?:[*+?]|\{\d+(?:,\d*)?\})\??|[^]/gu) ?? []) {
    if (token === "(") {
      outer.push(group);
      group = newGroup();
    } else if (token === "|") {
      group = { ...group, waysBefore: group.waysBefore + group.ways, ways: 1, isBranching: true };
    } else if (token === ")") {
      group = closeInto(outer.pop() ?? newGroup(), group);
    } else if (/^[*+?{]/.test(token)) {
      const opened = repeatLast(group, readRepeat(token));
      if (opened === null) return null;
      openRepeats += opened;
    } else group.last = SINGLE;
  }
  const ways = group.waysBefore + group.ways;
  const isAnchored = bare.startsWith("^") && group.waysBefore === 0;
  return openRepeats > MAX_OPEN_REPEATS || ways > MAX_WAYS ? null : { openRepeats, ways, isAnchored };
}

/** How many open repeats that makes; null for what may not be repeated so. */
function repeatLast(group: Group, { least, most, isOpen }: Repeat): number | null {
  // A group that repeats or chooses within takes time that doubles with every round.
  if (most > MAX_REPEAT || (most > 1 && group.last.isBranching)) return null;
  if (!isOpen) group.ways += (group.ways / group.last.ways) * (most - least);
  group.isBranching = true;
  return isOpen ? 1 : 0;
}

/** The pattern with one letter for each escape and class, and groups of one kind; null with a back reference in it. */
function bareOf(pattern: string): string | null {
  let hasBackReference = false;
  const bare = pattern.replaceAll(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|(.))/gsu, (_escape, letter: string | undefined) => {
    if (letter !== undefined && /[1-9k]/.test(letter)) hasBackReference = true;
    return "x";
  });
  if (hasBackReference) return null;
  return bare.replaceAll(/\[[^\]]*\]/g, "x").replaceAll(/\(\?(?:<?[=!]|<[^>]*>|[a-z-]*:)/g, "(");
}

function closeInto(outer: Group, inner: Group): Group {
  const last = { ways: inner.waysBefore + inner.ways, isBranching: inner.isBranching };
  return { ...outer, ways: outer.ways * last.ways, last, isBranching: outer.isBranching || last.isBranching };
}

type Repeat = { least: number; most: number; isOpen: boolean };

function readRepeat(token: string): Repeat {
  if (token.startsWith("?")) return { least: 0, most: 1, isOpen: false };
  const [, from = "0", comma, to] = /^\{(\d+)(,?)(\d*)/.exec(token) ?? [token, "0", ",", ""];
  const least = Number(from);
  const isEndless = comma !== "" && to === "";
  const most = comma === "" ? least : isEndless ? Math.max(2, least) : Number(to);
  return { least, most, isOpen: isEndless || most > MAX_CLOSED_REPEAT };
}
