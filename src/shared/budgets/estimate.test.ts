import { assert, constantFrom, double, nat, property, record, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { LIST_PRICES } from "../accounting/price-list.ts";
import { costOfRequest } from "../accounting/request-cost.ts";
import { apiUsageSchema } from "../accounting/token-usage.ts";
import { estimateCost } from "./estimate.ts";

describe("the most that a request can cost", () => {
  it("is exceeded by no answer to it, at whatever rates it was charged [budgets.race]", () => {
    const share = double({ min: 0, max: 1, noNaN: true });
    const request = record({
      model: constantFrom(...Object.keys(LIST_PRICES)),
      prompt_bytes: nat(4_000_000),
      max_output_tokens: nat(128_000),
      shares: tuple(share, share, share, share),
      speed: constantFrom("fast", "standard"),
      inference_geo: constantFrom("us", "global"),
    });
    assert(
      property(request, ({ model, shares, speed, inference_geo, ...size }) => {
        const price = LIST_PRICES[model]!;
        const [fresh, read, five, hour] = shares;
        const all = fresh + read + five + hour || 1;
        const tokens = (part: number): number => Math.floor((part / all) * (size.prompt_bytes / 2));
        const usage = apiUsageSchema.parse({
          input_tokens: tokens(fresh),
          output_tokens: size.max_output_tokens,
          cache_read_input_tokens: tokens(read),
          cache_creation_input_tokens: tokens(five) + tokens(hour),
          cache_creation: { ephemeral_5m_input_tokens: tokens(five), ephemeral_1h_input_tokens: tokens(hour) },
          speed,
          inference_geo,
        });
        expect(costOfRequest(price, usage)).toBeLessThanOrEqual(estimateCost(price, size).at_most_usd + 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it("supposes the longest answer where the request says none", () => {
    const price = LIST_PRICES["claude-sonnet-5"]!;
    const size = { prompt_bytes: 0, max_output_tokens: null };
    expect(estimateCost(price, size).at_most_usd).toBeCloseTo((128_000 * 10 * 1.1) / 1e6);
  });
});
