// Keeps lists of paths under the size that clients show, however long the paths are.

/** Of one list: the answer carries it twice. */
const MAX_LIST_CHARACTERS = 30_000;

/** The first items that fit, one at least. */
export function takeShown<T>(items: readonly T[], atMost: number): T[] {
  const shown: T[] = [];
  let characters = 0;
  for (const item of items.slice(0, atMost)) {
    characters += JSON.stringify(item).length;
    if (characters > MAX_LIST_CHARACTERS && shown.length > 0) break;
    shown.push(item);
  }
  return shown;
}

export function isFull(items: readonly string[], atMost: number): boolean {
  return items.length >= atMost || items.reduce((sum, { length }) => sum + length, 0) >= MAX_LIST_CHARACTERS;
}
