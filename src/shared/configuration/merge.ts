// Merges the items of all scopes: the narrower wins, item by item; what adds up is kept from all.
import type { ScopedItem } from "./item.ts";
import { ITEM_KINDS, type ItemKind } from "./item-kinds.ts";
import { CONFIGURATION_SCOPES, type ConfigurationScope } from "./place.ts";

/** Of these every scope's item counts, wide to narrow: materialise.ts says how they are combined. */
export const ADDING_KINDS: readonly ItemKind[] = ["policy", "ceiling", "repository", "memory", "hooks"];

export type MergedItem = ScopedItem & {
  /** Wider scopes that have an item of the same kind and name, which does not count. */
  overrides: ConfigurationScope[];
};

export type MergedConfiguration = {
  /** Items that count: by kind, then wide to narrow, then by name. */
  items: MergedItem[];
  /** Items that could not be read, and therefore do not count. */
  unreadable: { scope: ConfigurationScope; kind: ItemKind; name: string; problem: string }[];
};

export function mergeConfiguration(items: readonly ScopedItem[]): MergedConfiguration {
  const merged = new Map<string, MergedItem>();
  const unreadable: MergedConfiguration["unreadable"] = [];
  for (const item of [...items].sort(wideToNarrow)) {
    const { scope, kind, name } = item;
    const parsed = ITEM_KINDS[kind].parse(name, item.value);
    const key = keyOf(item);
    if (!parsed.ok) {
      unreadable.push({ scope, kind, name, problem: parsed.problem });
      // It may have switched off what a wider scope has.
      if (kind === "mcp_server") merged.delete(key);
      continue;
    }
    const wider = merged.get(key);
    const overrides = wider === undefined ? [] : [...wider.overrides, wider.scope];
    merged.set(key, { ...item, value: parsed.value, overrides });
  }
  return { items: [...merged.values()].sort(byKind), unreadable };
}

function keyOf({ kind, name, scope }: ScopedItem): string {
  return JSON.stringify(ADDING_KINDS.includes(kind) ? [kind, name, scope] : [kind, name]);
}

const rank = (scope: ConfigurationScope): number => CONFIGURATION_SCOPES.indexOf(scope);

function wideToNarrow(left: ScopedItem, right: ScopedItem): number {
  return rank(left.scope) - rank(right.scope);
}

/** The same items give the same order, whatever order a store gave them in. */
function byKind(left: MergedItem, right: MergedItem): number {
  return compare(left.kind, right.kind) || wideToNarrow(left, right) || compare(left.name, right.name);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
