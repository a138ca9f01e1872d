import { describe, expect, it } from "vitest";
import { budgetNameProblem, budgetSchema, widensBudget } from "./budget-kind.ts";

const ID = "01890000-0000-7000-8000-000000000001";

describe("a budget", () => {
  it.each([
    { usd_per_day: -1 },
    { usd_per_day: 0 },
    { usd_per_month: Number.NaN },
    { usd_per_month: 1e9 },
    { turns_per_hour: 0.5 },
    { turns_per_hour: 0 },
    { concurrent_sessions: 0 },
    { usd_per_year: 5 },
    {},
    "5",
  ])("is refused as %j [budgets.input]", (value) => expect(budgetSchema.safeParse(value).success).toBe(false));

  it.each(["team", "each_user", `user:${ID}`, `project:${ID}`, `agent:${ID}`])("is of %s [budgets.input]", (name) =>
    expect(budgetNameProblem(name)).toBeNull(),
  );

  it.each(["", "user", "user:ann", "team:1", `users:${ID}`, `user:${ID} `])(
    "is of nobody called %j [budgets.input]",
    (name) => expect(budgetNameProblem(name)).not.toBeNull(),
  );

  it("widens where a limit grows or goes, and not where one shrinks or comes [budgets.consent]", () => {
    const five = { usd_per_day: 5, turns_per_hour: 10 };
    expect(widensBudget(five, { usd_per_day: 6, turns_per_hour: 1 })).toBe(true);
    expect(widensBudget(five, { usd_per_day: 5 })).toBe(true);
    expect(widensBudget(five, null)).toBe(true);
    expect(widensBudget({ concurrent_sessions: 2 }, { concurrent_sessions: 3 })).toBe(true);
    expect(widensBudget(five, { ...five, usd_per_month: 1 })).toBe(false);
    expect(widensBudget(five, { usd_per_day: 4, turns_per_hour: 10 })).toBe(false);
    expect(widensBudget(null, five)).toBe(false);
  });
});
