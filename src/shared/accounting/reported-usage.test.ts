import { describe, expect, it } from "vitest";
import { differenceOf, readReportedUsage } from "./reported-usage.ts";

const model = (wish: Record<string, unknown> = {}) => ({
  inputTokens: 10,
  outputTokens: 5,
  cacheReadInputTokens: 100,
  cacheCreationInputTokens: 30,
  webSearchRequests: 1,
  costUSD: 0.5,
  ...wish,
});

describe("what Claude Code reports", () => {
  it("is read by model, cache writes by their lifetime, and spellings of one model together [accounting.reported]", () => {
    const read = readReportedUsage({
      "claude-sonnet-5": model({ cacheCreationEphemeral1hInputTokens: 20, thinkingTokens: 3 }),
      "claude-sonnet-5[1m]": model(),
    });
    expect(read).toEqual({
      "claude-sonnet-5": {
        cost_usd: 1,
        input_tokens: 20,
        output_tokens: 10,
        thinking_tokens: 3,
        cache_read_input_tokens: 200,
        cache_creation_5m_input_tokens: 40,
        cache_creation_1h_input_tokens: 20,
        web_search_requests: 2,
      },
    });
  });

  it.each([undefined, null, "x", [], { "claude-sonnet-5": 5 }])(
    "is nothing when it is %j [accounting.reported]",
    (odd) => expect(readReportedUsage(odd)).toEqual({}),
  );

  it("runs on: what is new is the difference, and models that did nothing are left out [accounting.reported]", () => {
    const before = readReportedUsage({ a: model(), b: model() });
    const after = readReportedUsage({ a: model({ costUSD: 0.75, outputTokens: 9 }), b: model(), c: model() });
    const added = differenceOf(after, before);
    expect(Object.keys(added)).toEqual(["a", "c"]);
    expect(added["a"]).toMatchObject({ cost_usd: 0.25, output_tokens: 4, input_tokens: 0, web_search_requests: 0 });
    expect(added["c"]).toEqual(after["c"]);
  });

  it("is new altogether when the count began anew, as after /clear [accounting.reported]", () => {
    const after = readReportedUsage({ a: model({ costUSD: 0.1, outputTokens: 2 }) });
    expect(differenceOf(after, readReportedUsage({ a: model() }))).toEqual(after);
  });
});
