// What a feature writes beside its configuration items, in the same transaction: tables of its own that follow them.
import type { BatchItem } from "drizzle-orm/batch";
import type { SQL } from "drizzle-orm";
import type { AppError } from "../../shared/errors/app-error.ts";
import type { ChangeSet } from "./change-statements.ts";

/** The rows of `configuration_changes` are those of the version `next` of the team, while `guard` holds. */
export type UnderWay = { next: SQL; guard: SQL; at: Date };

export type Companion = {
  /** What has to be true for the change; null for nothing. */
  condition(set: ChangeSet): SQL | null;
  /** Why the change cannot be made while that is not true; null when it is. */
  refusal(set: ChangeSet): Promise<AppError | null>;
  /** After the items themselves. */
  statements(set: ChangeSet, underWay: UnderWay): BatchItem<"sqlite">[];
};

export const NO_COMPANION: Companion = { condition: () => null, refusal: async () => null, statements: () => [] };
