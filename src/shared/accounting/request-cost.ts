// What one model request cost, from what its answer says that it used.
import { type ModelPrice, type Rates, US_INFERENCE_FACTOR } from "./price-list.ts";
import { type ApiCounts, type ApiUsage, readCounts, readTokens, type TokenUsage } from "./token-usage.ts";

const PER_MILLION = 1_000_000;

/** US dollars. */
export function costOfRequest(price: ModelPrice, usage: ApiUsage): number {
  const factor = usage.inference_geo === "us" ? US_INFERENCE_FACTOR : 1;
  const ratesFor = (tokens: TokenUsage): Rates => chooseRates(price, usage, tokens);
  const tokensUsd = parts(price, usage).reduce((sum, tokens) => sum + costOfTokens(ratesFor(tokens), tokens), 0);
  return tokensUsd * factor + readTokens(usage).web_search_requests * price.web_search;
}

function costOfTokens(rates: Rates, tokens: TokenUsage): number {
  const usd =
    tokens.input_tokens * rates.input +
    tokens.output_tokens * rates.output +
    tokens.cache_read_input_tokens * rates.cache_read +
    tokens.cache_creation_5m_input_tokens * rates.cache_write_5m +
    tokens.cache_creation_1h_input_tokens * rates.cache_write_1h;
  return usd / PER_MILLION;
}

function chooseRates(price: ModelPrice, usage: ApiUsage, tokens: TokenUsage): Rates {
  if (usage.speed === "fast" && price.fast !== undefined) return price.fast;
  const { long_prompt } = price;
  return long_prompt !== undefined && promptTokens(tokens) > long_prompt.above_prompt_tokens
    ? long_prompt.rates
    : price;
}

function promptTokens(tokens: TokenUsage): number {
  return (
    tokens.input_tokens +
    tokens.cache_read_input_tokens +
    tokens.cache_creation_5m_input_tokens +
    tokens.cache_creation_1h_input_tokens
  );
}

const ITERATION_COUNTS = [
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
] as const satisfies (keyof ApiCounts)[];

/** An answer in several steps is charged by the length of each step's prompt, if its steps account for all of it. */
function parts(price: ModelPrice, usage: ApiUsage): TokenUsage[] {
  const steps = (usage.iterations ?? []).filter(({ type }) => type === "message");
  const isWhole = ITERATION_COUNTS.every(
    (kind) => steps.reduce((sum, step) => sum + (step[kind] ?? 0), 0) === (usage[kind] ?? 0),
  );
  if (price.long_prompt === undefined || steps.length === 0 || !isWhole) return [readTokens(usage)];
  return spreadOneHour(steps.map(readCounts), readTokens(usage).cache_creation_1h_input_tokens);
}

/** The lifetime of a write may be said for the whole alone: it is dealt out from the first step on. */
function spreadOneHour(steps: TokenUsage[], oneHourOfAll: number): TokenUsage[] {
  let left = oneHourOfAll - steps.reduce((sum, step) => sum + step.cache_creation_1h_input_tokens, 0);
  return steps.map((step) => {
    const moved = Math.max(0, Math.min(left, step.cache_creation_5m_input_tokens));
    left -= moved;
    return {
      ...step,
      cache_creation_5m_input_tokens: step.cache_creation_5m_input_tokens - moved,
      cache_creation_1h_input_tokens: step.cache_creation_1h_input_tokens + moved,
    };
  });
}
