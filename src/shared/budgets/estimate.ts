// What a model request will cost, before it is asked: set aside while it runs, and replaced by what it did cost.
import type { ModelPrice } from "../accounting/price-list.ts";

/** JSON of a prompt has about four bytes a token. */
const BYTES_PER_TOKEN = 4;
/** Most answers are shorter; what is longer is settled afterwards. */
const USUAL_OUTPUT_TOKENS = 1_000;
const PER_MILLION = 1_000_000;

/** US dollars, without regard to what is in the cache. */
export function estimateCost(price: ModelPrice, request: { prompt_bytes: number; max_output_tokens: number | null }) {
  const input = request.prompt_bytes / BYTES_PER_TOKEN;
  const output = Math.min(request.max_output_tokens ?? USUAL_OUTPUT_TOKENS, USUAL_OUTPUT_TOKENS);
  return (input * price.input + output * price.output) / PER_MILLION;
}
