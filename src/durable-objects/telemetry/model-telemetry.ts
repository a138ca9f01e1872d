// Measures a model request: what it used, what it cost, and how long the provider took.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import type { ModelPrice } from "../../shared/accounting/price-list.ts";
import { readTokens, type TokenUsage } from "../../shared/accounting/token-usage.ts";
import type { ModelTiming } from "../../shared/rpc/session-api.ts";
import { modelLabel } from "../../shared/telemetry/labels.ts";
import type { CountedCost } from "../accounting/usage-ledger.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import type { Measures } from "./measures.ts";

export type MeasuredRequest = {
  /** Null when it said nothing. */
  answered: AnswerUsage | null;
  /** Null when it said nothing, or was counted before. */
  counted: CountedCost | null;
  timing: ModelTiming;
  /** What the team has said that models cost. */
  ownPrices: Readonly<Record<string, ModelPrice>>;
};

type Attributes = Record<string, string>;

const CHAT = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic" } as const;

export function measureModelRequest(measures: Measures, turn: TurnRow | null, request: MeasuredRequest): void {
  const { answered, counted, timing, ownPrices } = request;
  const { started_at_ms: start_ms, answered_at_ms, ended_at_ms: end_ms, status } = timing;
  const model = modelLabel(timing.model, ownPrices);
  const answering: Attributes =
    answered === null ? {} : { "gen_ai.response.model": modelLabel(answered.model, ownPrices) };
  const tokens = answered === null || counted === null ? null : readTokens(answered.usage);
  if (tokens !== null) measureTokens(measures, tokens, answering);
  const cost = counted?.cost_usd ?? 0;
  if (cost > 0) measures.point("claude_code.cost.total", cost, answering);
  const error = errorType(status);
  const asked: Attributes = {
    "gen_ai.request.model": model,
    "http.response.status_code": String(status ?? "none"),
    ...(error === null ? {} : { "error.type": error }),
  };
  if (answered_at_ms !== null) measures.point("claude_code.gateway.latency", answered_at_ms - start_ms, asked);
  const whole = { ...CHAT, ...asked, ...answering };
  measures.point("gen_ai.client.operation.duration", (end_ms - start_ms) / 1000, whole);
  if (turn === null) return;
  measures.span(turn, {
    ...measures.below(turn),
    name: `chat ${model}`,
    kind: "client",
    start_ms,
    end_ms,
    is_error: error !== null,
    attributes: { ...whole, ...(tokens === null ? {} : usageAttributes(tokens)) },
  });
}

/** Null for an answer that is none of an error. */
function errorType(status: number | null): string | null {
  if (status === null) return "no_answer";
  return status >= 400 ? String(status) : null;
}

function measureTokens(measures: Measures, tokens: TokenUsage, answering: Attributes): void {
  const byType = {
    input: tokens.input_tokens,
    output: tokens.output_tokens,
    cache_read: tokens.cache_read_input_tokens,
    cache_creation: cacheCreation(tokens),
  };
  for (const [type, count] of Object.entries(byType)) {
    if (count > 0) measures.point("claude_code.tokens.total", count, { "gen_ai.token.type": type, ...answering });
  }
}

/** OpenTelemetry's input is all of the prompt, cached parts included; Anthropic's leaves these out. */
function usageAttributes(tokens: TokenUsage): Record<string, number> {
  const { input_tokens, output_tokens, cache_read_input_tokens: read } = tokens;
  const created = cacheCreation(tokens);
  return {
    "gen_ai.usage.input_tokens": input_tokens + read + created,
    "gen_ai.usage.cache_read.input_tokens": read,
    "gen_ai.usage.cache_creation.input_tokens": created,
    "gen_ai.usage.output_tokens": output_tokens,
  };
}

function cacheCreation(tokens: TokenUsage): number {
  return tokens.cache_creation_5m_input_tokens + tokens.cache_creation_1h_input_tokens;
}
