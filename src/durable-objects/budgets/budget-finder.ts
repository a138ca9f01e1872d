// Finds a team's budgets: those last read while they are fresh, else those in D1, and while D1 is away those last known.
import type { BudgetItem, Spender } from "../../shared/budgets/budget-policy.ts";
import type { KnownVersion } from "../../shared/budgets/messages.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { KnownBudgets } from "./known-budgets.ts";

export type FinderParts = {
  /** The team's budgets as they are configured now. */
  load(teamId: string): Promise<BudgetItem[]>;
  /** What was read before this object began. */
  kept: KnownBudgets;
  nowMs(): number;
};

type BudgetFinder = {
  find(asking: Asking, maxAgeMs: number): Promise<BudgetItem[]>;
  /** Null before the first. */
  lastRead(): BudgetItem[] | null;
};
type Asking = Pick<Spender, "team_id"> & KnownVersion;

/** Reads the budgets when what is known is older than that, or than what the asking session knows of; one reading at a time. */
export function createBudgetFinder({ load, kept, nowMs }: FinderParts): BudgetFinder {
  let fresh: { items: BudgetItem[]; atMs: number; version: number } | null = null;
  let reading: { items: Promise<BudgetItem[]>; version: number } | null = null;
  const lastRead = (): BudgetItem[] | null => fresh?.items ?? kept.read();
  const read = async (teamId: string, version: number): Promise<BudgetItem[]> => {
    const atMs = nowMs();
    try {
      const items = await withDeadline(load(teamId), CALL_DEADLINE_MS);
      fresh = { items, atMs, version: Math.max(version, fresh?.version ?? 0) };
      kept.write(items);
      return items;
    } finally {
      reading = null;
    }
  };
  return {
    lastRead,
    async find({ team_id, configuration_version: version }, maxAgeMs) {
      if (fresh !== null && nowMs() - fresh.atMs < maxAgeMs && fresh.version >= version) return fresh.items;
      if (reading === null || reading.version < version) reading = { items: read(team_id, version), version };
      // An outage of D1 stops nobody's work: what was last known holds.
      return reading.items.catch((error: unknown) => {
        const known = lastRead();
        if (known === null) throw error;
        return known;
      });
    },
  };
}
