import { describe, expect, it } from "vitest";
import { EVERY_KEYWORD } from "../../../test/support/every-keyword.ts";
import { isCheckedSoon } from "./answer-cost-policy.ts";

const under = (pattern: string) => ({ type: "object", properties: { x: { not: { pattern } } } });

describe("holding an answer against a schema", () => {
  it("ends soon for answers of every day [structured.validated]", () => {
    const item = { name: "a", kind: "b", list: [1, 2] };
    const schema = { type: "object", properties: { items: { type: "array", items: EVERY_KEYWORD } } };
    expect(isCheckedSoon(schema, { items: Array.from({ length: 1000 }, () => item) })).toBe(true);
    expect(isCheckedSoon(under("^\\d+\\.\\d+\\.\\d+$"), { x: "1".repeat(200) })).toBe(true);
    expect(isCheckedSoon(under("^https?://.+$"), { x: "x".repeat(60_000) })).toBe(true);
  });

  it.each([
    ["a long text under a costly pattern", under("a*a*a*$"), { x: "a".repeat(1000) }],
    ["a long text in a list", { items: { pattern: "^a*a*a*$" } }, [`${"a".repeat(5000)}!`]],
    ["long names", { propertyNames: { pattern: "a*a*$" } }, { ["a".repeat(2000)]: 1 }],
    ["long names under patterns", { patternProperties: { "a*a*$": true } }, { ["a".repeat(2000)]: 1 }],
    ["a text at a reference", { $ref: "#/$defs/a~1b", $defs: { "a/b": { pattern: "a*a*$" } } }, "a".repeat(2000)],
    ["many distinct items", { uniqueItems: true }, Array.from({ length: 20_000 }, (_, index) => index)],
  ])("is not begun with %s [structured.validated]", (_name, schema, answer) => {
    expect(isCheckedSoon(schema, answer)).toBe(false);
  });

  it("is not begun when every level of the answer doubles the work [structured.validated]", () => {
    const schema = { allOf: [{ items: { $ref: "#" } }, { items: { $ref: "#" } }] };
    const answer = (depth: number): unknown => (depth === 0 ? 1 : [answer(depth - 1)]);
    expect(isCheckedSoon(schema, answer(5))).toBe(true);
    expect(isCheckedSoon(schema, answer(60))).toBe(false);
  });
});
