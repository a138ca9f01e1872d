// Measures a model request: what it used, what it cost, and how long the provider took.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import { canonicalModel } from "../../shared/accounting/price-list.ts";
import { readTokens } from "../../shared/accounting/token-usage.ts";
import type { ModelTiming } from "../../shared/rpc/session-api.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import type { Measures } from "./measures.ts";

export type MeasuredRequest = {
  /** Null when it said nothing, or was counted before. */
  usage: AnswerUsage | null;
  /** US dollars; null for a price that nobody knows. */
  cost: number | null;
  timing: ModelTiming;
};

const CHAT = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic" } as const;

export function measureModelRequest(measures: Measures, turn: TurnRow | null, request: MeasuredRequest): void {
  const { usage, cost, timing } = request;
  const { started_at_ms: start_ms, answered_at_ms, ended_at_ms: end_ms, status } = timing;
  const model = canonicalModel(usage?.model ?? timing.model ?? "unknown").slice(0, 100);
  if (usage !== null) measureUsage(measures, model, usage, cost);
  const asked = { "gen_ai.request.model": model, "http.response.status_code": String(status ?? "none") };
  if (answered_at_ms !== null) measures.point("claude_code.gateway.latency", answered_at_ms - start_ms, asked);
  measures.point("gen_ai.client.operation.duration", (end_ms - start_ms) / 1000, { ...asked, ...CHAT });
  if (turn === null) return;
  measures.span(turn, {
    ...measures.below(turn),
    name: `chat ${model}`,
    kind: "client",
    start_ms,
    end_ms,
    is_error: status === null || status >= 400,
    attributes: { ...CHAT, ...asked, ...(usage === null ? {} : usageAttributes(usage)) },
  });
}

function measureUsage(measures: Measures, model: string, { usage }: AnswerUsage, cost: number | null): void {
  const tokens = readTokens(usage);
  const byType = {
    input: tokens.input_tokens,
    output: tokens.output_tokens,
    cache_read: tokens.cache_read_input_tokens,
    cache_creation: tokens.cache_creation_5m_input_tokens + tokens.cache_creation_1h_input_tokens,
  };
  const answered = { "gen_ai.response.model": model };
  for (const [type, count] of Object.entries(byType)) {
    if (count > 0) measures.point("claude_code.tokens.total", count, { "gen_ai.token.type": type, ...answered });
  }
  if (cost !== null && cost > 0) measures.point("claude_code.cost.total", cost, answered);
}

function usageAttributes({ usage }: AnswerUsage): Record<string, number> {
  const { input_tokens, output_tokens } = readTokens(usage);
  return { "gen_ai.usage.input_tokens": input_tokens, "gen_ai.usage.output_tokens": output_tokens };
}
