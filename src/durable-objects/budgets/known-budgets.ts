// The budgets that were last read from D1, kept in the Team object: they hold while D1 is away, also after a restart.
import { z } from "zod";
import type { BudgetItem } from "../../shared/budgets/budget-policy.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const KNOWN_BUDGETS_SCHEMA = `
  CREATE TABLE known_budgets (id INTEGER PRIMARY KEY CHECK (id = 1), items TEXT NOT NULL);
`;

const itemsSchema = z.array(z.object({ name: z.string(), value: z.unknown() }));

export type KnownBudgets = {
  /** Null before the first reading. */
  read(): BudgetItem[] | null;
  write(items: readonly BudgetItem[]): void;
};

export function createKnownBudgets(sql: ObjectSql): KnownBudgets {
  const stored = (): string | null =>
    sql.exec<{ items: string }>("SELECT items FROM known_budgets").toArray()[0]?.items ?? null;
  return {
    read() {
      const items = stored();
      return items === null ? null : itemsSchema.parse(JSON.parse(items));
    },
    write(items) {
      const text = JSON.stringify(items);
      if (text !== stored()) sql.exec("INSERT OR REPLACE INTO known_budgets VALUES (1, ?)", text);
    },
  };
}
