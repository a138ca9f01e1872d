// What a feature writes beside its configuration items, in the same transaction: tables of its own that follow them.
import type { BatchItem } from "drizzle-orm/batch";
import type { SQL } from "drizzle-orm";
import type { ItemChange } from "../../shared/configuration/item.ts";
import type { AppError } from "../../shared/errors/app-error.ts";
import type { ChangeSet } from "./configuration-store.ts";

export type Companion = {
  /** After the item itself; only where `guard` holds. */
  statements(set: ChangeSet, change: ItemChange, now: Date, guard: SQL): BatchItem<"sqlite">[];
  /** What has to be true for the change; null for nothing. */
  condition(set: Pick<ChangeSet, "teamId">, change: ItemChange): SQL | null;
  /** Why a change was not made, where the condition did not hold. */
  refusal(): AppError;
};

export const NO_COMPANION: Companion = {
  statements: () => [],
  condition: () => null,
  refusal: () => {
    throw new Error("nothing is asked for that could be missing");
  },
};
