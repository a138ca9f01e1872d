// Anthropic's list prices in US dollars, as dated data. A team's own prices (configuration, kind `model_price`) go before.

/** US dollars for a million tokens of each kind, and for one web search. */
export type Rates = {
  input: number;
  output: number;
  cache_write_5m: number;
  cache_write_1h: number;
  cache_read: number;
};
export type ModelPrice = Rates & {
  web_search: number;
  /** For all tokens of a request whose prompt, cached parts included, has more tokens than this. */
  long_prompt?: { above_prompt_tokens: number; rates: Rates } | undefined;
  /** For requests that the provider served in its fast mode. */
  fast?: Rates | undefined;
};

/** When and where the list was read. */
export const PRICE_LIST_SOURCE = {
  as_of: "2026-11-14",
  source: "built-in list prices of Claude Code 2.1.328",
} as const;

/** Asked for inference in the United States alone, tokens cost this much more. */
export const US_INFERENCE_FACTOR = 1.1;

const WEB_SEARCH_USD = 0.01;

/** The usual proportions: a write for 5 minutes costs a quarter more than input, one for an hour twice as much. */
function rates(input: number, output: number, cache_read: number): Rates {
  return { input, output, cache_write_5m: input * 1.25, cache_write_1h: input * 2, cache_read };
}

function price(base: Rates, more: Pick<ModelPrice, "long_prompt" | "fast"> = {}): ModelPrice {
  return { ...base, web_search: WEB_SEARCH_USD, ...more };
}

const SONNET = price(rates(3, 15, 0.3));
const OPUS_4 = price(rates(15, 75, 1.5));
const FABLE_5 = price(rates(10, 50, 1));
const FABLE_5_1 = price(rates(10, 50, 0.25));
const FABLE_5_2 = price(rates(8, 40, 0.2), { fast: rates(16, 80, 0.4) });

export const LIST_PRICES: Readonly<Record<string, ModelPrice>> = {
  "claude-3-5-haiku": price(rates(0.8, 4, 0.08)),
  "claude-haiku-4-5": price(rates(1, 5, 0.1)),
  "claude-haiku-5-5": price(rates(0.1, 0.5, 0.01), {
    long_prompt: { above_prompt_tokens: 100_000, rates: rates(0.5, 2.5, 0.05) },
  }),
  "claude-3-5-sonnet": SONNET,
  "claude-3-7-sonnet": SONNET,
  "claude-sonnet-4-0": SONNET,
  "claude-sonnet-4-5": SONNET,
  "claude-sonnet-4-6": SONNET,
  "claude-sonnet-5": price(rates(2, 10, 0.2)),
  "claude-sonnet-5-5": price(rates(2, 10, 0.1)),
  "claude-opus-4-0": OPUS_4,
  "claude-opus-4-1": OPUS_4,
  "claude-opus-4-5": price(rates(5, 25, 0.5)),
  "claude-opus-4-6": price(rates(5, 25, 0.5), { fast: rates(30, 150, 3) }),
  "claude-opus-4-7": price(rates(5, 25, 0.5), { fast: rates(30, 150, 3) }),
  "claude-opus-4-8": price(rates(5, 25, 0.5), { fast: rates(10, 50, 1) }),
  "claude-opus-5": price(rates(5, 25, 0.5), { fast: rates(10, 50, 1) }),
  "claude-opus-5-5": price(rates(4, 20, 0.2), { fast: rates(8, 40, 0.4) }),
  "claude-fable-5": FABLE_5,
  "claude-fable-5-1": FABLE_5_1,
  "claude-fable-5-2": FABLE_5_2,
  "claude-mythos-5": FABLE_5,
  "claude-mythos-5-1": FABLE_5_1,
  "claude-mythos-5-2": FABLE_5_2,
};

/** One model has many spellings: dated, with a provider's prefix, with the size of its window. */
export function canonicalModel(name: string): string {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/\[1m\]$/, "")
    .replace(/^(?:(?:us|eu|apac|global)\.)?anthropic[./]/, "")
    .replace(/-v\d+(?::\d+)?$/, "")
    .replace(/[-@](?:\d{8}|latest)$/, "");
  return /^claude-(?:sonnet|opus)-4$/.test(bare) ? `${bare}-0` : bare;
}

/** Null: nobody has said what this model costs. */
export function findPrice(model: string, ownPrices: Readonly<Record<string, ModelPrice>> = {}): ModelPrice | null {
  const name = canonicalModel(model);
  const find = (prices: Readonly<Record<string, ModelPrice>>, key: string): ModelPrice | null =>
    Object.hasOwn(prices, key) ? (prices[key] ?? null) : null;
  return find(ownPrices, model) ?? find(ownPrices, name) ?? find(LIST_PRICES, name);
}
