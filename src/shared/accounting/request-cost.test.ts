import { describe, expect, it } from "vitest";
import { canonicalModel, findPrice, LIST_PRICES } from "./price-list.ts";
import { costOfRequest } from "./request-cost.ts";
import { apiUsageSchema } from "./token-usage.ts";

const MILLION = 1_000_000;
const cost = (model: string, usage: Record<string, unknown>) => {
  const price = findPrice(model);
  if (price === null) throw new Error(`no price for ${model}`);
  return costOfRequest(price, apiUsageSchema.parse(usage));
};
const cacheWrite = (fiveMinutes: number, oneHour: number) => ({
  cache_creation_input_tokens: fiveMinutes + oneHour,
  cache_creation: { ephemeral_5m_input_tokens: fiveMinutes, ephemeral_1h_input_tokens: oneHour },
});

describe("what a request costs", () => {
  it.each([
    ["input", { input_tokens: MILLION }, 3],
    ["output, thinking included", { output_tokens: MILLION, output_tokens_details: { thinking_tokens: 9 } }, 15],
    ["reading the cache", { cache_read_input_tokens: MILLION }, 0.3],
    ["writing it for 5 minutes", cacheWrite(MILLION, 0), 3.75],
    ["writing it for an hour, 60 % more", cacheWrite(0, MILLION), 6],
    ["writing it for a time that is not said", { cache_creation_input_tokens: MILLION }, 3.75],
    ["a web search", { server_tool_use: { web_search_requests: 100 } }, 1],
    ["inference in the US, searches left out", { ...cacheWrite(MILLION, 0), inference_geo: "us" }, 4.125],
    ["nothing", {}, 0],
    ["what is no number", { input_tokens: -5, output_tokens: "7", server_tool_use: 1, iterations: "x" }, 0],
  ])("has a price for %s [accounting.cost]", (_name, usage, usd) => {
    expect(cost("claude-sonnet-4-6", usage)).toBeCloseTo(usd, 9);
  });

  it("is higher in fast mode, for models that have one [accounting.cost]", () => {
    const usage = { input_tokens: MILLION, output_tokens: MILLION, speed: "fast" };
    expect(cost("claude-opus-4-8", usage)).toBeCloseTo(60, 9);
    expect(cost("claude-opus-4-7", usage)).toBeCloseTo(180, 9);
    expect(cost("claude-sonnet-5", usage)).toBeCloseTo(12, 9);
  });

  it("is higher for a long prompt, each step of an answer by its own length [accounting.cost]", () => {
    const short = { type: "message", input_tokens: 60_000, output_tokens: 0, cache_read_input_tokens: 40_000 };
    const long = { ...short, input_tokens: 60_001 };
    const model = "claude-haiku-5-5";
    expect(cost(model, short)).toBeCloseTo(0.006 + 0.0004, 9);
    expect(cost(model, long)).toBeCloseTo(0.0300005 + 0.002, 9);
    const both = { input_tokens: 120_001, output_tokens: 0, cache_read_input_tokens: 80_000 };
    expect(cost(model, { ...both, iterations: [short, long] })).toBeCloseTo(0.0064 + 0.0320005, 9);
    // Steps that do not account for all of it say nothing about how it is charged.
    expect(cost(model, { ...both, iterations: [short] })).toBeCloseTo(0.0600005 + 0.004, 9);
  });

  it("deals the lifetime of writes out over the steps when it is said for the whole alone [accounting.cost]", () => {
    const step = { type: "message", input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 50_000 };
    const whole = { input_tokens: 0, output_tokens: 0, ...cacheWrite(40_000, 60_000), iterations: [step, step] };
    expect(cost("claude-haiku-5-5", whole)).toBeCloseTo((40_000 * 0.125 + 60_000 * 0.2) / MILLION, 12);
  });
});

describe("a model's price", () => {
  it.each([
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["claude-sonnet-4-20250514", "claude-sonnet-4-0"],
    ["claude-opus-4-1@20250805", "claude-opus-4-1"],
    ["us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"],
    ["anthropic/claude-opus-5-5", "claude-opus-5-5"],
    ["Claude-Sonnet-5[1m]", "claude-sonnet-5"],
    ["claude-3-5-haiku-latest", "claude-3-5-haiku"],
  ])("is found by each of its spellings: %s [accounting.cost]", (spelling, name) => {
    expect(canonicalModel(spelling)).toBe(name);
    expect(findPrice(spelling)).toBe(LIST_PRICES[name]);
  });

  it.each(["claude-nova-9", "gpt-5", "", "constructor", "__proto__", "claude-sonnet-5-preview"])(
    "is unknown, and not 0, for %j [accounting.unknown]",
    (name) => expect(findPrice(name)).toBeNull(),
  );

  it("is the team's own before the list's [accounting.prices]", () => {
    const own = { ...LIST_PRICES["claude-sonnet-5"]!, input: 1 };
    expect(findPrice("claude-sonnet-5-20260101", { "claude-sonnet-5": own })).toBe(own);
    expect(findPrice("claude-nova-9", { "claude-nova-9": own })).toBe(own);
    expect(findPrice("claude-opus-5", { "claude-sonnet-5": own })).toBe(LIST_PRICES["claude-opus-5"]);
  });
});
