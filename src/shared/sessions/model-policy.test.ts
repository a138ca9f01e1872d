import { describe, expect, it } from "vitest";
import { isModelAllowed } from "./model-policy.ts";

describe("isModelAllowed", () => {
  it.each([
    ["claude-sonnet-5", ["claude-*"], true],
    ["claude-", ["claude-*"], true],
    ["xclaude-sonnet", ["claude-*"], false],
    ["gpt-9", ["claude-*"], false],
    ["claude-haiku-5", ["claude-sonnet-*", "*haiku*"], true],
    ["claude-opus-5", ["claude-sonnet-*", "*haiku*"], false],
    ["aba", ["ab*ba"], false],
    ["exact", ["exact"], true],
    ["exactly", ["exact"], false],
  ])("%s against %j is %s", (model, patterns, allowed) => {
    expect(isModelAllowed(model, patterns)).toBe(allowed);
  });
});
