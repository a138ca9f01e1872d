// Values of attributes that are few whatever people and models come up with.

/** Claude Code's own tools by name; those of MCP servers are anybody's. */
export function toolLabel(name: string): string {
  if (name.startsWith("mcp__")) return "mcp";
  return /^[A-Z][A-Za-z]{1,31}$/.test(name) ? name : "other";
}
