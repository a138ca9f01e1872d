// The session's side of budgets: asks for money before a model request, and owes the Team object what it did cost.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import { findPrice, type ModelPrice } from "../../shared/accounting/price-list.ts";
import { costOfRequest } from "../../shared/accounting/request-cost.ts";
import { type Answer, answer, failure } from "../../shared/errors/app-error.ts";
import type { ErrorCode } from "../../shared/errors/error-code.ts";
import { type MoneyState, periodsAt, type Spender } from "../../shared/budgets/budget-policy.ts";
import { type CostEstimate, estimateCost, FREE } from "../../shared/budgets/estimate.ts";
import type { MoneyGrant, Settlement } from "../../shared/budgets/messages.ts";
import type { ModelRequestQuestion } from "../../shared/rpc/session-api.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import type { CountedCost, UsageLedger } from "../accounting/usage-ledger.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import { createEventBell } from "../events/event-bell.ts";
import type { OutboxRow } from "../outbox/outbox-store.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { RefusalStore } from "./refusal-store.ts";
import { spenderOf } from "./spender.ts";

/** What is set aside comes free within a request's time; Claude Code asks again by itself after that. */
const WAIT_FOR_MONEY_MS = 20_000;
const ASK_AGAIN_MS = 2_000;

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
  // Rings with each settlement of this session.
  const settled = createEventBell();
  /** Null where it cannot be asked. */
  const ask = (request_id: string, estimate: CostEstimate | null): Promise<Answer<MoneyGrant> | null> => {
    const { session_id } = parts.sessions.get();
    const known = { configuration_version: parts.knownVersion() };
    const asking = parts.team().reserveMoney({ ...spender(), ...known, session_id, request_id, estimate });
    return withDeadline(asking, CALL_DEADLINE_MS).catch(() => null);
  };
  return {
    async reserve(request_id, turnId, question) {
      const untilMs = parts.clock.nowMs() + WAIT_FOR_MONEY_MS;
      const estimate = estimateFor(parts, question);
      let asked = await ask(request_id, estimate);
      while (isSetAside(asked) && parts.clock.nowMs() < untilMs) {
        await settled.wait(ASK_AGAIN_MS);
        asked = await ask(request_id, estimate);
      }
      // The Team object may have set it aside and not been heard.
      if (asked === null) parts.log.write(() => giveUp(parts, spender(), request_id));
      if (asked === null) return failure("model_unavailable", "The team's budget cannot be asked for now. Try again.");
      if (turnId !== null) markTurn(parts, turnId, asked);
      if (asked.ok) warn(parts, turnId, asked.value.nearly_reached);
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
      parts.background(deliver([settlement]).then(settled.ring));
      return counted;
    },
    deliver: (rows) =>
      deliver(rows.filter(({ kind }) => kind === "settlement").map(({ payload }) => payload as unknown as Settlement)),
  };
}

function isSetAside(asked: Answer<MoneyGrant> | null): boolean {
  return asked !== null && !asked.ok && asked.error.code === "too_many_model_requests";
}

const FINAL: readonly ErrorCode[] = ["budget_exceeded", "price_unknown"];

/** A turn whose next request passes was not stopped by the refusal of an earlier one. */
function markTurn({ log, refusals }: Parts, turnId: string, asked: Answer<MoneyGrant>): void {
  if (!asked.ok && FINAL.includes(asked.error.code)) log.write(() => refusals.add(turnId, asked.error));
  if (asked.ok && refusals.of(turnId) !== null) log.write(() => refusals.remove(turnId));
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
function estimateFor({ ownPrices }: Parts, question: ModelRequestQuestion): CostEstimate | null {
  const { model, prompt_bytes = 0, max_output_tokens = null } = question;
  if (model === null) return FREE;
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
