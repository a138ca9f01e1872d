// What one scope may have at most: a change that takes it beyond is refused, before any session meets it.
import { type ConfigurationItem, MAX_ITEMS_PER_PLACE } from "../../shared/configuration/item.ts";
import { materialise } from "../../shared/configuration/materialise.ts";
import { mergeConfiguration } from "../../shared/configuration/merge.ts";
import type { ConfigurationScope } from "../../shared/configuration/place.ts";
import { CONFIGURATION_LIMITS, fitsSession } from "../../shared/configuration/session-configuration.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { ProposedChange } from "./proposal-store.ts";

type Items = readonly ConfigurationItem[];

/** What is beyond the limits already, by an earlier build, may become less step by step. */
export function refuseTooMuch(scope: ConfigurationScope, present: Items, changes: readonly ProposedChange[]): void {
  const isChanged = (item: ConfigurationItem): boolean =>
    changes.some(({ kind, name }) => kind === item.kind && name === item.name);
  const wanted = changes.flatMap(({ kind, name, after }) => (after === null ? [] : [{ kind, name, value: after }]));
  const next = [...present.filter((item) => !isChanged(item)), ...wanted];
  if (next.length > MAX_ITEMS_PER_PLACE && next.length > present.length) {
    const message = `A scope has at most ${MAX_ITEMS_PER_PLACE} items. Remove some first.`;
    throw new AppError("invalid_argument", message);
  }
  if (fits(scope, next) || !fits(scope, present)) return;
  const message = `With this, the scope alone would have more than a session takes: ${CONFIGURATION_LIMITS}. Remove or shorten commands, skills or instructions first.`;
  throw new AppError("configuration_too_large", message);
}

function fits(scope: ConfigurationScope, items: Items): boolean {
  return fitsSession(materialise(mergeConfiguration(items.map((item) => ({ ...item, scope })))));
}
