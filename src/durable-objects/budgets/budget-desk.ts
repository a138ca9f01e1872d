// Holds a team to its budgets: sets money aside before each model request, and counts what it did cost.
import { type Answer, answer, failure } from "../../shared/errors/app-error.ts";
import {
  type AppliedBudget,
  budgetsFor,
  chooseSetAside,
  describeReached,
  describeTooManyTurns,
  describeWorkedOut,
  findNearlyReached,
  findSpent,
  SET_ASIDE,
  mayWorkToo,
  moneyLimits,
  type MoneyState,
  periodsAt,
  PRICE_UNKNOWN,
  type Spender,
  type Subject,
} from "../../shared/budgets/budget-policy.ts";
import { FREE } from "../../shared/budgets/estimate.ts";
import type { KnownVersion, MoneyGrant, MoneyRequest, Settlement } from "../../shared/budgets/messages.ts";
import { createBudgetFinder, type FinderParts } from "./budget-finder.ts";
import type { BudgetStore } from "./budget-store.ts";

/** No model request runs for longer: what is not settled by then never will be. */
const RESERVATION_MS = 15 * 60 * 1000;
/** What was read is used this long; before a refusal it is read anew, because somebody may just have raised it. */
const KNOWN_FOR_MS = 5_000;
const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;

type Parts = FinderParts & {
  store: BudgetStore;
  transaction<T>(change: () => T): T;
  /** How long the subject's turns that work now have worked. */
  workingMs(subject: Subject): number;
};

export type BudgetDesk = {
  reserve(request: MoneyRequest): Promise<Answer<MoneyGrant>>;
  settle(settlements: readonly Settlement[]): void;
  /** Whether a turn may begin now; counts it when it may. */
  admitTurn(turnId: string, spender: Spender & KnownVersion): Promise<Answer<null>>;
  /** Whether one more session may work beside those that do, by what was last read; nobody before the first reading. */
  mayWork(spender: Omit<Spender, "team_id">, working: readonly Omit<Spender, "team_id">[]): boolean;
  /** A turn had a sandbox for so long. */
  worked(spender: Omit<Spender, "team_id">, ms: number): void;
  /** How the spender's limits stand. */
  states(spender: Spender): Promise<MoneyState[]>;
};

export function createBudgetDesk(parts: Parts): BudgetDesk {
  const { store, nowMs } = parts;
  const { find, lastRead } = createBudgetFinder(parts);
  const statesOf = (budgets: readonly AppliedBudget[]): MoneyState[] => {
    const periods = periodsAt(nowMs());
    return moneyLimits(budgets).map((limit) => ({
      ...limit,
      spent_usd: store.spent(limit.subject, periods[limit.kind]),
      reserved_usd: store.reserved(limit.subject),
    }));
  };

  /** Decided and set aside in one step: no other request comes in between. */
  const tryReserve = (request: MoneyRequest, budgets: readonly AppliedBudget[]): Answer<MoneyGrant> =>
    parts.transaction(() => {
      store.forgetOld(nowMs());
      const states = statesOf(budgets);
      // Given up by who asked: nobody would settle it.
      if (store.isSettled(request.request_id)) return failure("too_many_model_requests", SET_ASIDE);
      if (states.length > 0 && request.estimate === null) return failure("price_unknown", PRICE_UNKNOWN);
      const spent = findSpent(states);
      if (spent !== null) return failure("budget_exceeded", describeReached(spent));
      const usd = chooseSetAside(states, request.estimate ?? FREE, !store.hasOther(request));
      if (usd === null) return failure("too_many_model_requests", SET_ASIDE);
      store.reserve(request, usd, nowMs() + RESERVATION_MS);
      return answer({ nearly_reached: findNearlyReached(states) });
    });

  const tryAdmit = (turnId: string, spender: Spender, budgets: readonly AppliedBudget[]): Answer<null> =>
    parts.transaction(() => {
      store.forgetOld(nowMs());
      const spent = findSpent(statesOf(budgets));
      if (spent !== null) return failure("budget_exceeded", describeReached(spent));
      const refusal = refuseTooManyTurns(parts, turnId, budgets) ?? refuseWorkedOut(parts, budgets);
      if (refusal !== null) return refusal;
      store.begin(turnId, spender, nowMs());
      return answer(null);
    });

  /** Decides by what is known, and refuses only by what was just read. */
  const decide = async <T>(
    asking: Spender & KnownVersion,
    attempt: (budgets: AppliedBudget[]) => Answer<T>,
  ): Promise<Answer<T>> => {
    const first = attempt(budgetsFor(await find(asking, KNOWN_FOR_MS), asking));
    return first.ok ? first : attempt(budgetsFor(await find(asking, 0), asking));
  };

  return {
    reserve: (request) => decide(request, (budgets) => tryReserve(request, budgets)),
    admitTurn: (turnId, spender) => decide(spender, (budgets) => tryAdmit(turnId, spender, budgets)),
    settle(settlements) {
      parts.transaction(() => {
        for (const settlement of settlements) store.settle(settlement, nowMs());
      });
    },
    mayWork(spender, working) {
      const items = lastRead();
      return items !== null && mayWorkToo(budgetsFor(items, spender), working);
    },
    worked: (spender, ms) => store.addWorked(spender, periodsAt(nowMs()).day, Math.max(0, ms)),
    async states(spender) {
      return statesOf(budgetsFor(await find({ ...spender, configuration_version: 0 }, 0), spender));
    },
  };
}

function refuseTooManyTurns({ store, nowMs }: Parts, turnId: string, budgets: readonly AppliedBudget[]) {
  for (const { subject, budget } of budgets) {
    const limit = budget.turns_per_hour;
    if (limit === undefined) continue;
    const begun = store.begunWithin(subject, nowMs() - HOUR_MS, turnId);
    if (begun.length < limit) continue;
    const againAtMs = (begun[begun.length - limit] ?? nowMs()) + HOUR_MS;
    return failure("budget_exceeded", describeTooManyTurns(subject, limit, againAtMs));
  }
  return null;
}

function refuseWorkedOut({ store, nowMs, workingMs }: Parts, budgets: readonly AppliedBudget[]) {
  const { day } = periodsAt(nowMs());
  for (const { subject, budget } of budgets) {
    const limit = budget.sandbox_minutes_per_day;
    if (limit === undefined || store.workedMs(subject, day) + workingMs(subject) < limit * MINUTE_MS) continue;
    return failure("budget_exceeded", describeWorkedOut(subject, limit));
  }
  return null;
}
