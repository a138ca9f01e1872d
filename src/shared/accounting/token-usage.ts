// What a model used, in tokens: as the Messages API says it with an answer, and as a sum over answers.
import { z } from "zod";

/** Thinking lies within the output; a cache write whose lifetime the provider did not say counts as one of 5 minutes. */
export type TokenUsage = {
  input_tokens: number;
  output_tokens: number;
  thinking_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_5m_input_tokens: number;
  cache_creation_1h_input_tokens: number;
  web_search_requests: number;
};

export const NO_TOKENS: TokenUsage = {
  input_tokens: 0,
  output_tokens: 0,
  thinking_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_5m_input_tokens: 0,
  cache_creation_1h_input_tokens: 0,
  web_search_requests: 0,
};
const TOKEN_KINDS = Object.keys(NO_TOKENS) as (keyof TokenUsage)[];

export function addTokens(a: TokenUsage, b: TokenUsage): TokenUsage {
  return mapTokens((kind) => a[kind] + b[kind]);
}

function mapTokens(value: (kind: keyof TokenUsage) => number): TokenUsage {
  return Object.fromEntries(TOKEN_KINDS.map((kind) => [kind, value(kind)])) as TokenUsage;
}

const count = z.int().nonnegative().nullish().catch(null);
const cacheCreation = z
  .object({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count })
  .nullish()
  .catch(null);
const counts = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  cache_creation: cacheCreation,
});

/** The `usage` of the Messages API, as far as it is priced; what is missing or no number is null. */
export const apiUsageSchema = counts.extend({
  output_tokens_details: z.object({ thinking_tokens: count }).nullish().catch(null),
  server_tool_use: z.object({ web_search_requests: count }).nullish().catch(null),
  speed: z.string().nullish().catch(null),
  inference_geo: z.string().nullish().catch(null),
  /** The steps of one answer, when the provider took several. */
  iterations: z
    .array(counts.extend({ type: z.string().catch("") }))
    .max(1000)
    .nullish()
    .catch(null),
});
export type ApiUsage = z.infer<typeof apiUsageSchema>;
export type ApiCounts = z.infer<typeof counts>;

/** The same count for all of `usage`, or for one of its iterations. */
export function readCounts(usage: ApiCounts): TokenUsage {
  const written = usage.cache_creation_input_tokens ?? 0;
  const oneHour = Math.min(usage.cache_creation?.ephemeral_1h_input_tokens ?? 0, written);
  return {
    ...NO_TOKENS,
    input_tokens: usage.input_tokens ?? 0,
    output_tokens: usage.output_tokens ?? 0,
    cache_read_input_tokens: usage.cache_read_input_tokens ?? 0,
    cache_creation_5m_input_tokens: written - oneHour,
    cache_creation_1h_input_tokens: oneHour,
  };
}

export function readTokens(usage: ApiUsage): TokenUsage {
  return {
    ...readCounts(usage),
    thinking_tokens: usage.output_tokens_details?.thinking_tokens ?? 0,
    web_search_requests: usage.server_tool_use?.web_search_requests ?? 0,
  };
}
