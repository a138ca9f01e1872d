// What of the team's configuration is not everybody's to know: what another person may spend is theirs and the owners'.
import { mayOversee, type Principal } from "../teams/principal.ts";
import type { ConfigurationItem } from "./item.ts";

export function maySee(principal: Principal, { kind, name }: Pick<ConfigurationItem, "kind" | "name">): boolean {
  return mayOversee(principal) || !isOfAnother(`${kind} ${name}`, principal.user_id);
}

/** `items` are kind and name; `summary` is about all of them. */
export type ChangeWords = { summary: string; items: string[] };

/** A version stays in the list, so that its number is known; what is not for this person goes out of it. */
export function showVersion<Version extends ChangeWords>(principal: Principal, version: Version): Version {
  const items = version.items.filter((item) => mayOversee(principal) || !isOfAnother(item, principal.user_id));
  if (items.length === version.items.length) return version;
  return { ...version, items, summary: "changed what another person may spend" };
}

function isOfAnother(item: string, userId: string): boolean {
  return item.startsWith("budget user:") && item !== `budget user:${userId}`;
}
