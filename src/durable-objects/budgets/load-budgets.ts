// Reads a team's budgets from its configuration in D1.
import { z } from "zod";
import type { BudgetItem } from "../../shared/budgets/budget-policy.ts";

const rowsSchema = z.array(z.object({ name: z.string(), value: z.string() }));

export async function loadBudgets(database: D1Database, teamId: string): Promise<BudgetItem[]> {
  const { results } = await database
    .prepare("SELECT name, value FROM configuration_items WHERE scope = 'team' AND scope_id = ? AND kind = 'budget'")
    .bind(teamId)
    .all();
  return rowsSchema.parse(results).map(({ name, value }) => ({ name, value: JSON.parse(value) as unknown }));
}
