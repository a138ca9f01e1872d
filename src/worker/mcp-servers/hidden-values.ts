// Strikes values of secrets out of what a server says.

const REDACTED = "[redacted]";
/** Shorter ones would be found in every text. */
const MIN_CHARACTERS = 6;

/** `write`: how a value stands in that text. */
export function strikeOut(
  text: string,
  hidden: readonly string[],
  write: (value: string) => string = (value) => value,
): string {
  const values = hidden.filter((value) => value.length >= MIN_CHARACTERS).sort((a, b) => b.length - a.length);
  return values.reduce((rest, value) => rest.replaceAll(write(value), REDACTED), text);
}
