// A second look at what the grammar calls plain: text that may hide an expansion or an operator is not taken for plain.

/** Control characters, and those that show a text to a person in another order than it has. */
const HIDDEN = /[^\P{Cc}\t\n]|[^\P{Cf}\u200d]|[\u2028\u2029]/u;
/** What a shell expands wherever it is not quoted by a backslash or by single quotes. */
const LIVE = /`|\$[({[A-Za-z0-9_@*#?!$-]/;
const OPERATORS = /['"\s;&|<>()*?\\]|\$['"]/;
/** A brace expansion has one of these between its braces. */
const BRACED = /,|\.\./;

export function hidesCharacters(text: string): boolean {
  return HIDDEN.test(text);
}

/** For the text of an unquoted word, as it is written. */
export function isPlainWord(text: string): boolean {
  const rest = withoutEscapes(text);
  return !LIVE.test(rest) && !OPERATORS.test(rest) && !(rest.includes("{") && BRACED.test(rest));
}

/** For text between double quotes, or in a here-document whose delimiter is not quoted. */
export function isPlainQuoted(text: string): boolean {
  return !LIVE.test(withoutEscapes(text));
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\[\s\S]/g, "");
}
