// One piece of configuration: a kind, a name and a value, at a place.
import { z } from "zod";
import { jsonBytes } from "../events/shorten.ts";
import { itemKindSchema, ITEM_KINDS, type ItemKind } from "./item-kinds.ts";
import { CONFIGURATION_SCOPES, type ConfigurationScope, type Place } from "./place.ts";

/** An item as JSON, in UTF-8. */
export const MAX_ITEM_BYTES = 1024 * 1024;
/** Items of one place. */
export const MAX_ITEMS_PER_PLACE = 500;

export const configurationItemSchema = z.object({
  kind: itemKindSchema,
  name: z.string().min(1).max(200),
  value: z.unknown(),
});
export type ConfigurationItem = z.infer<typeof configurationItemSchema>;

/** As a store gives it back. */
export const scopedItemSchema = configurationItemSchema.extend({ scope: z.enum(CONFIGURATION_SCOPES) });
export type ScopedItem = z.infer<typeof scopedItemSchema>;

/** What is to become of an item; null removes it. */
export type ItemChange = { kind: ItemKind; name: string; value: unknown };

/** The change as it is kept, or what is wrong with it. */
export function checkChange(
  { scope }: Pick<Place, "scope">,
  change: ItemChange,
): { ok: true; change: ItemChange } | { ok: false; problem: string } {
  const kind = ITEM_KINDS[change.kind];
  const misplaced = scopeProblem(change.kind, scope);
  const problem = misplaced ?? kind.nameProblem(change.name);
  if (problem !== null) return { ok: false, problem };
  if (change.value === null) return { ok: true, change };
  const parsed = kind.parse(change.name, change.value);
  if (!parsed.ok) return parsed;
  const refused = kind.changeProblem(parsed.value);
  if (refused !== null) return { ok: false, problem: refused };
  if (jsonBytes(parsed.value) > MAX_ITEM_BYTES) {
    return { ok: false, problem: `An item has at most ${MAX_ITEM_BYTES} bytes.` };
  }
  return { ok: true, change: { ...change, value: parsed.value } };
}

function scopeProblem(kind: ItemKind, scope: ConfigurationScope): string | null {
  const scopes = ITEM_KINDS[kind].scopes;
  return scopes === null || scopes.includes(scope) ? null : `A ${kind} stands at scope ${scopes.join(" or ")}.`;
}

/** Whether a person has to agree: also where what was there cannot be read any more, and may have forbidden anything. */
export function isWidening(change: ItemChange, before: unknown): boolean {
  const kind = ITEM_KINDS[change.kind];
  const was = before === null ? null : kind.parse(change.name, before);
  if (was !== null && !was.ok) return true;
  return kind.isWidening(was === null ? null : was.value, change.value);
}
