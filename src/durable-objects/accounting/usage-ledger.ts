// Counts what turns use, each answer once, and owes D1 one row for each turn and model, in the same breath as the fact.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import { canonicalModel, findPrice, type ModelPrice } from "../../shared/accounting/price-list.ts";
import type { ReportedUsage } from "../../shared/accounting/reported-usage.ts";
import { costOfRequest } from "../../shared/accounting/request-cost.ts";
import { readTokens } from "../../shared/accounting/token-usage.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { TurnUsageRow, UsageStore } from "./usage-store.ts";

export type UsageLedgerParts = {
  usage: UsageStore;
  sessions: SessionStore;
  outbox: OutboxStore;
  /** What the team has said that models cost; goes before the list. */
  ownPrices(): Readonly<Record<string, ModelPrice>>;
};

/** US dollars; null where nobody has said the model's price. */
export type CountedCost = { cost_usd: number | null };

export type UsageLedger = {
  /** Null for an answer that was counted already. */
  count(turnId: string, answer: AnswerUsage): CountedCost | null;
  /** What Claude Code says that the turn used. */
  report(turnId: string, reported: ReportedUsage): void;
};

export function createUsageLedger(parts: UsageLedgerParts): UsageLedger {
  const { usage } = parts;
  return {
    count(turnId, answer) {
      if (answer.message_id !== null && !usage.isNew(answer.message_id, turnId)) return null;
      const price = findPrice(answer.model, parts.ownPrices());
      const cost_usd = price === null ? null : costOfRequest(price, answer.usage);
      const counted = { tokens: readTokens(answer.usage), cost_usd, estimated: answer.estimated };
      oweRow(parts, usage.count(turnId, canonicalModel(answer.model), counted));
      return { cost_usd };
    },
    report(turnId, reported) {
      for (const [model, used] of Object.entries(reported)) oweRow(parts, usage.report(turnId, model, used));
      usage.forgetAnswers(turnId);
    },
  };
}

/**
 * A turn's cost is what was counted for it. What Claude Code reported never takes its place: of work in the background it
 * is not always the same turn's, and would be counted twice.
 */
function oweRow({ sessions, outbox }: UsageLedgerParts, row: TurnUsageRow): void {
  const session = sessions.get();
  outbox.put("model_usage", `${row.turn_id} ${row.model}`, {
    turn_id: row.turn_id,
    model: row.model,
    session_id: session.session_id,
    team_id: session.team_id,
    user_id: session.owner_id,
    project_id: session.project_id,
    runtime: "claude_code",
    agent_id: session.agent_id,
    requests: row.requests,
    estimated_requests: row.estimated_requests,
    ...row.counted,
    cost_usd: row.unpriced_requests > 0 ? null : row.counted_cost_usd,
    reported_cost_usd: row.reported?.cost_usd ?? null,
    occurred_at: row.occurred_at,
    version: row.version,
  });
}
