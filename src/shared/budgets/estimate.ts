// What a model request will cost, before it is asked: set aside while it runs, and replaced by what it did cost.
import { type ModelPrice, type Rates, US_INFERENCE_FACTOR } from "../accounting/price-list.ts";

/** US dollars. `at_most_usd` is exceeded by nothing but web searches. */
export type CostEstimate = { usual_usd: number; at_most_usd: number };

/** Counting tokens, and what else costs nothing. */
export const FREE: CostEstimate = { usual_usd: 0, at_most_usd: 0 };

/** JSON of a prompt has about four bytes a token, and none that is written by people or programs has less than two. */
const BYTES_PER_TOKEN = { usually: 4, at_least: 2 };
/** Most answers are shorter; what is longer is settled afterwards. */
const USUAL_OUTPUT_TOKENS = 1_000;
/** No model answers with more. */
const MAX_OUTPUT_TOKENS = 128_000;
const PER_MILLION = 1_000_000;

type RequestSize = { prompt_bytes: number; max_output_tokens: number | null };

export function estimateCost(price: ModelPrice, { prompt_bytes, max_output_tokens }: RequestSize): CostEstimate {
  const most = Math.min(max_output_tokens ?? MAX_OUTPUT_TOKENS, MAX_OUTPUT_TOKENS);
  const usual = Math.min(most, USUAL_OUTPUT_TOKENS);
  const usual_usd = (prompt_bytes / BYTES_PER_TOKEN.usually) * price.input + usual * price.output;
  const at_most_usd =
    (prompt_bytes / BYTES_PER_TOKEN.at_least) * highest(price, "cache_write_1h") + most * highest(price, "output");
  return { usual_usd: usual_usd / PER_MILLION, at_most_usd: (at_most_usd * US_INFERENCE_FACTOR) / PER_MILLION };
}

/** Of all the rates by which the provider may charge the request. A write for an hour is the dearest way to read a prompt. */
function highest(price: ModelPrice, kind: keyof Rates): number {
  return Math.max(price[kind], price.fast?.[kind] ?? 0, price.long_prompt?.rates[kind] ?? 0);
}
