// Which models a session may use: names with `*` for any characters, as an operator wrote them.

export function isModelAllowed(model: string, allowedModels: readonly string[]): boolean {
  return allowedModels.some((pattern) => matches(model, pattern));
}

function matches(name: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(first)) return false;
  let position = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = name.indexOf(part, position);
    if (found === -1) return false;
    position = found + part.length;
  }
  const last = rest.at(-1) ?? "";
  return name.length - last.length >= position && name.endsWith(last);
}
