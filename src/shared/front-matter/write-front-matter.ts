// Writes front matter as Claude Code reads it. A JSON string is a YAML string too, whatever is in it.

/** Claude Code ends the front matter at the next three dashes, also within a value. */
function quote(value: string): string {
  return JSON.stringify(value).replaceAll("--", String.raw`-\u002d`);
}

/** Fields that are null are left out. Keys are ours. */
export function writeFrontMatter(fields: Readonly<Record<string, string | null>>, body: string): string {
  const lines = Object.entries(fields).flatMap(([key, value]) => (value === null ? [] : [`${key}: ${quote(value)}`]));
  // Always with a fence of our own: a body that begins with one would be taken for front matter that nobody has seen.
  return `---\n${(lines.length === 0 ? ['description: ""'] : lines).join("\n")}\n---\n${body}`;
}
