// Whether more may be spent: each budget that applies, what was spent in its period, and what is reserved now.
import { type Budget, budgetSchema } from "./budget-kind.ts";
import type { CostEstimate } from "./estimate.ts";

/** Who uses something; `agent_id` is null for a session of no agent. */
export type Spender = { team_id: string; user_id: string; project_id: string; agent_id: string | null };

/** `team`, or a `user`, `project` or `agent` with its id. */
export type Subject = string;

export function subjectsOf({ user_id, project_id, agent_id }: Omit<Spender, "team_id">): Subject[] {
  const agent = agent_id === null ? [] : [`agent:${agent_id}`];
  return ["team", `user:${user_id}`, `project:${project_id}`, ...agent];
}

export type BudgetItem = { name: string; value: unknown };
export type AppliedBudget = { subject: Subject; budget: Budget };

/** What cannot be read any more allows nothing: it may have been any limit. */
const NOTHING: Budget = { usd_per_day: 0 };

/** The budgets that a spender's requests count against. `each_user` holds beside a person's own: neither lifts the other. */
export function budgetsFor(items: readonly BudgetItem[], spender: Omit<Spender, "team_id">): AppliedBudget[] {
  const find = (name: string): Budget | null => {
    const item = items.find((one) => one.name === name);
    return item === undefined ? null : (budgetSchema.safeParse(item.value).data ?? NOTHING);
  };
  return subjectsOf(spender).flatMap((subject) => {
    const budgets = [find(subject), subject.startsWith("user:") ? find("each_user") : null];
    return budgets.flatMap((budget) => (budget === null ? [] : [{ subject, budget }]));
  });
}

/** `2026-11-21` and `2026-11`, in UTC. */
export type Periods = { day: string; month: string };

export function periodsAt(nowMs: number): Periods {
  const iso = new Date(nowMs).toISOString();
  return { day: iso.slice(0, 10), month: iso.slice(0, 7) };
}

export type MoneyLimit = { subject: Subject; kind: "day" | "month"; limit_usd: number };
export type MoneyState = MoneyLimit & { spent_usd: number; reserved_usd: number };

export function moneyLimits(budgets: readonly AppliedBudget[]): MoneyLimit[] {
  return budgets.flatMap(({ subject, budget }) => {
    const day =
      budget.usd_per_day === undefined ? [] : [{ subject, kind: "day" as const, limit_usd: budget.usd_per_day }];
    const { usd_per_month } = budget;
    return usd_per_month === undefined ? day : [...day, { subject, kind: "month" as const, limit_usd: usd_per_month }];
  });
}

/** Whether one more session may work beside those that do. */
export function mayWorkToo(budgets: readonly AppliedBudget[], working: readonly Omit<Spender, "team_id">[]): boolean {
  return budgets.every(({ subject, budget: { concurrent_sessions: limit = Infinity } }) => {
    return working.filter((one) => subjectsOf(one).includes(subject)).length < limit;
  });
}

/** The first limit that is spent. */
export function findSpent(states: readonly MoneyState[]): MoneyState | null {
  return states.find(({ spent_usd, limit_usd }) => spent_usd >= limit_usd) ?? null;
}

/**
 * What has to be set aside for a request; null while something else has to end before. A session's only request passes
 * as long as anything is left, and may cost more than that. Another one beside it passes where the most that it can
 * cost is left, and as much again for other sessions: so none overshoots a limit by more than one request.
 */
export function chooseSetAside(states: readonly MoneyState[], estimate: CostEstimate, isOnly: boolean): number | null {
  const { usual_usd, at_most_usd } = estimate;
  const fits = ({ limit_usd, spent_usd, reserved_usd }: MoneyState): boolean =>
    isOnly ? spent_usd + reserved_usd < limit_usd : reserved_usd + at_most_usd <= (limit_usd - spent_usd) / 2;
  if (!states.every(fits)) return null;
  return isOnly ? usual_usd : at_most_usd;
}

export const WARNED_AT = 0.8;

/** Limits of which this much is spent. */
export function findNearlyReached(states: readonly MoneyState[]): MoneyState[] {
  return states.filter(({ spent_usd, limit_usd }) => spent_usd >= WARNED_AT * limit_usd);
}

export const SET_ASIDE = "What is left of a budget is set aside for requests under way. Try again.";

const WORDS = { day: "today", month: "this month" } as const;
const AGAIN = { day: "at midnight UTC", month: "with the next month" } as const;

export function describeReached({ subject, kind, limit_usd, spent_usd }: MoneyState): string {
  return (
    `The budget ${whose(subject)} is used up: $${spent_usd.toFixed(2)} of $${limit_usd.toFixed(2)} ${WORDS[kind]}. ` +
    `An owner of the team can raise it with set_budget; it begins anew ${AGAIN[kind]}. Then send the prompt again.`
  );
}

export function describeTooManyTurns(subject: Subject, limit: number, againAtMs: number): string {
  const again = new Date(againAtMs).toISOString().slice(11, 16);
  return (
    `The limit of ${limit} turns an hour ${whose(subject)} is reached. The next may begin at ${again} UTC; ` +
    "an owner of the team can raise it with set_budget. Then send the prompt again."
  );
}

export function describeWorkedOut(subject: Subject, limit: number): string {
  return (
    `The limit of ${limit} sandbox minutes a day ${whose(subject)} is used up. It begins anew at midnight UTC; ` +
    "an owner of the team can raise it with set_budget. Then send the prompt again."
  );
}

export const PRICE_UNKNOWN =
  "Nobody has said what this model costs, and a budget limits what may be spent. Use another model, or have an owner " +
  "of the team add its price with update_config, kind model_price.";

function whose(subject: Subject): string {
  if (subject === "team") return "of the team";
  return { user: "of yours", project: "of this project", agent: "of this agent" }[subject.split(":")[0] ?? ""] ?? "";
}
