// The session's side of budgets: asks for money before a model request, and owes the Team object what it did cost.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import { findPrice, type ModelPrice } from "../../shared/accounting/price-list.ts";
import { costOfRequest } from "../../shared/accounting/request-cost.ts";
import { type Answer, answer, type Failure, failure } from "../../shared/errors/app-error.ts";
import { type MoneyState, periodsAt, type Spender } from "../../shared/budgets/budget-policy.ts";
import { estimateCost } from "../../shared/budgets/estimate.ts";
import type { Settlement } from "../../shared/budgets/messages.ts";
import type { ModelRequestQuestion } from "../../shared/rpc/session-api.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import type { CountedCost, UsageLedger } from "../accounting/usage-ledger.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { OutboxRow } from "../outbox/outbox-store.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { RefusalStore } from "./refusal-store.ts";
import { spenderOf } from "./spender.ts";

type Parts = Pick<SessionLogParts, "sessions" | "events" | "outbox" | "clock"> & {
  log: Pick<SessionLog, "write">;
  ledger: Pick<UsageLedger, "count">;
  refusals: RefusalStore;
  team(): Pick<TeamApi, "reserveMoney" | "settleMoney">;
  ownPrices(): Readonly<Record<string, ModelPrice>>;
  knownVersion(): number;
  background(work: Promise<unknown>): void;
};

/** `model` is the one that was asked for; null where that is not known any more. */
export type EndedRequest = { request_id: string; turn_id: string | null; model: string | null };

export type Spending = {
  /** Refused once a budget is used up; the turn is marked, so that its end says why. */
  reserve(requestId: string, turnId: string | null, question: ModelRequestQuestion): Promise<Answer<null>>;
  /**
   * Counts what the answer used, and gives what it cost: null where it was counted before, or said nothing. Without an
   * answer, what was set aside is given back.
   */
  settle(request: EndedRequest, usage: AnswerUsage | null): CountedCost | null;
  /** Brings what is owed to the Team object; it counts each request once. */
  deliver(rows: readonly OutboxRow[]): Promise<void>;
};

export function createSpending(parts: Parts): Spending {
  const spender = (): Spender => spenderOf(parts.sessions.get());
  const deliver = async (settlements: Settlement[]): Promise<void> => {
    if (settlements.length > 0) await withDeadline(parts.team().settleMoney(settlements), CALL_DEADLINE_MS);
  };
  return {
    async reserve(request_id, turnId, question) {
      const estimate_usd = estimate(parts, question);
      const configuration_version = parts.knownVersion();
      const asking = parts.team().reserveMoney({ ...spender(), configuration_version, request_id, estimate_usd });
      const asked = await withDeadline(asking, CALL_DEADLINE_MS).catch(() => null);
      // The Team object may have set it aside and not been heard.
      if (asked === null) parts.log.write(() => giveUp(parts, spender(), request_id));
      if (asked === null) return failure("model_unavailable", "The team's budget cannot be asked for now. Try again.");
      if (asked.ok) warn(parts, turnId, asked.value.nearly_reached);
      else if (turnId !== null && isFinal(asked.error)) parts.log.write(() => parts.refusals.add(turnId, asked.error));
      return asked.ok ? answer(null) : asked;
    },
    settle({ request_id, turn_id: turnId, model }, usage) {
      const { counted, settlement } = parts.log.write(() => {
        const counted = usage === null || turnId === null ? null : parts.ledger.count(turnId, usage);
        const usd = counted === null ? 0 : (counted.cost_usd ?? costAsAsked(parts, model, usage));
        const owed: Settlement = { ...spender(), request_id, usd, at_ms: parts.clock.nowMs() };
        // Said again after a restart, an answer counts as nothing: the first word stands.
        parts.outbox.putOnce("settlement", request_id, owed);
        return { counted, settlement: owed };
      });
      // At once, so that the next request is decided by it; the outbox says it again where this is lost.
      parts.background(deliver([settlement]));
      return counted;
    },
    deliver: (rows) =>
      deliver(rows.filter(({ kind }) => kind === "settlement").map(({ payload }) => payload as unknown as Settlement)),
  };
}

function isFinal({ code }: Failure): boolean {
  return code === "budget_exceeded" || code === "price_unknown";
}

function giveUp({ outbox, clock }: Parts, spender: Spender, request_id: string): void {
  outbox.putOnce("settlement", request_id, { ...spender, request_id, usd: 0, at_ms: clock.nowMs() });
}

/** Another model may have answered than was asked, and have no price: a budget goes by the one that was let through. */
function costAsAsked({ ownPrices }: Parts, model: string | null, usage: AnswerUsage | null): number {
  const price = model === null ? null : findPrice(model, ownPrices());
  return price === null || usage === null ? 0 : costOfRequest(price, usage.usage);
}

/** Null where nobody has said what the model costs; counting tokens costs nothing. */
function estimate({ ownPrices }: Parts, { model, prompt_bytes = 0, max_output_tokens = null }: ModelRequestQuestion) {
  if (model === null) return 0;
  const price = findPrice(model, ownPrices());
  return price === null ? null : estimateCost(price, { prompt_bytes, max_output_tokens });
}

/** Once for each limit and period: an event, so that whoever follows the session knows before it stops. */
function warn({ log, refusals, events, clock }: Parts, turnId: string | null, states: MoneyState[]): void {
  const periods = periodsAt(clock.nowMs());
  const fresh = states.filter(({ subject, kind }) => !refusals.isWarned(`${subject} ${periods[kind]}`));
  if (fresh.length === 0) return;
  log.write(() => {
    for (const { reserved_usd: _reserved, ...state } of fresh) {
      refusals.setWarned(`${state.subject} ${periods[state.kind]}`);
      events.append({ type: "budget_warned", turn_id: turnId, data: { ...state, period: periods[state.kind] } });
    }
  });
}
