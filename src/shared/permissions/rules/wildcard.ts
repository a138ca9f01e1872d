// Matches a text against a pattern whose `*` stands for any text, as in `Bash(git *)`. No regular expressions are built:
// a rule is a person's text, and must not be able to stall the matcher.
import { HOLE } from "../bash/parsed-command.ts";

/** A literal character, or null for `*`. */
export type WildcardPattern = readonly (string | null)[];

/** `\*` is a star, `\\` a backslash. */
export function compileWildcard(source: string): WildcardPattern {
  const tokens: (string | null)[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const isEscaped = source[at] === "\\" && (source[at + 1] === "*" || source[at + 1] === "\\");
    if (isEscaped) at += 1;
    const character = source[at] ?? "";
    tokens.push(character === "*" && !isEscaped ? null : character);
  }
  return tokens;
}

/** True when the pattern takes the whole text, in time proportional to their lengths' product at worst. */
export function matchesWildcard(pattern: WildcardPattern, text: string): boolean {
  let at = 0;
  let textAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (textAt < text.length) {
    if (at < pattern.length && pattern[at] === null) {
      starAt = at;
      resumeAt = textAt;
      at += 1;
    } else if (at < pattern.length && pattern[at] === text[textAt]) {
      at += 1;
      textAt += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      resumeAt += 1;
      textAt = resumeAt;
    } else return false;
  }
  return pattern.slice(at).every((token) => token === null);
}

/** True when some filling of the text's HOLEs is taken by the pattern: both sides have places for any text. */
export function mayMatchWildcard(pattern: WildcardPattern, text: string): boolean {
  if (!text.includes(HOLE)) return matchesWildcard(pattern, text);
  // reachable[i]: the text so far can be taken by the first i tokens.
  let reachable = closeOverStars(pattern, [true]);
  for (const character of text) {
    reachable = character === HOLE ? passHole(pattern, reachable) : passCharacter(pattern, reachable, character);
    if (!reachable.includes(true)) return false;
  }
  return reachable[pattern.length] === true;
}

/** Any number of tokens may be used up by what fills the hole. */
function passHole(pattern: WildcardPattern, reachable: readonly boolean[]): boolean[] {
  const first = reachable.indexOf(true);
  return Array.from({ length: pattern.length + 1 }, (_, index) => index >= first);
}

function passCharacter(pattern: WildcardPattern, reachable: readonly boolean[], character: string): boolean[] {
  const next: boolean[] = [];
  for (const [index, token] of pattern.entries()) {
    if (reachable[index] !== true) continue;
    if (token === null) next[index] = true;
    else if (token === character) next[index + 1] = true;
  }
  return closeOverStars(pattern, next);
}

/** A star takes the empty text too. */
function closeOverStars(pattern: WildcardPattern, reachable: readonly boolean[]): boolean[] {
  const closed = Array.from({ length: pattern.length + 1 }, (_, index) => reachable[index] === true);
  for (const [index, token] of pattern.entries())
    if (token === null && closed[index] === true) closed[index + 1] = true;
  return closed;
}
