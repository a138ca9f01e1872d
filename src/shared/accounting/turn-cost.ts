// What a turn cost by one model: as counted request by request; if nothing was counted, from what Claude Code reported.
import { findPrice, type ModelPrice } from "./price-list.ts";
import { type ReportedModel, tokensOf } from "./reported-usage.ts";
import { costOfTokens } from "./request-cost.ts";
import type { TokenUsage } from "./token-usage.ts";

export type TurnUse = {
  model: string;
  requests: number;
  unpriced_requests: number;
  counted: TokenUsage;
  counted_cost_usd: number;
  reported: ReportedModel | null;
};

export type TurnCost = {
  tokens: TokenUsage;
  /** US dollars; null when nobody has said what the model costs. */
  cost_usd: number | null;
  /** What Claude Code itself says that it cost; null when it did not say. */
  reported_cost_usd: number | null;
};

export function costOfTurn(use: TurnUse, ownPrices: Readonly<Record<string, ModelPrice>>): TurnCost {
  const reported_cost_usd = use.reported?.cost_usd ?? null;
  if (use.requests > 0) {
    const cost_usd = use.unpriced_requests > 0 ? null : use.counted_cost_usd;
    return { tokens: use.counted, cost_usd, reported_cost_usd };
  }
  // The Worker that passed these requests on died before it could say what they used.
  const tokens = use.reported === null ? use.counted : tokensOf(use.reported);
  const price = findPrice(use.model, ownPrices);
  const searches = price === null ? 0 : tokens.web_search_requests * price.web_search;
  return { tokens, cost_usd: price === null ? null : costOfTokens(price, tokens) + searches, reported_cost_usd };
}
