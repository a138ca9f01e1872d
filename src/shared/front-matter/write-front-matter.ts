// Writes front matter as Claude Code reads it. A JSON string is a YAML string too, whatever is in it.

/** Fields that are null are left out. Keys are ours. */
export function writeFrontMatter(fields: Readonly<Record<string, string | null>>, body: string): string {
  const lines = Object.entries(fields).flatMap(([key, value]) =>
    value === null ? [] : [`${key}: ${JSON.stringify(value)}`],
  );
  return lines.length === 0 ? body : `---\n${lines.join("\n")}\n---\n${body}`;
}
