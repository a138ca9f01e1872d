// Whether a change of a server's definition lets sessions do more than before: then a person has to agree to it.
import type { McpServer } from "./server-schema.ts";

/** Also while it is switched off: what is switched on later is then something that a person has seen whole. */
export function isWideningServer(before: McpServer | null, after: McpServer | null): boolean {
  // Where it restricted, a wider scope's of the same name comes through.
  if (after === null) return before !== null && (!before.enabled || before.allowed_tools !== null);
  if (before === null || (after.enabled && !before.enabled)) return true;
  return !isSameTarget(before, after) || !isNarrower(before.allowed_tools, after.allowed_tools);
}

function isSameTarget(before: McpServer, after: McpServer): boolean {
  const targetOf = ({ allowed_tools: _tools, enabled: _enabled, ...target }: McpServer): string => sortedJson(target);
  return targetOf(before) === targetOf(after);
}

function isNarrower(before: readonly string[] | null, after: readonly string[] | null): boolean {
  if (before === null) return true;
  return after !== null && after.every((tool) => before.includes(tool));
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
