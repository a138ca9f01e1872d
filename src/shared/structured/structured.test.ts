import { describe, expect, it } from "vitest";
import { EVERY_KEYWORD } from "../../../test/support/every-keyword.ts";
import { findSchemaProblem, withoutFormats } from "./output-schema-policy.ts";
import { findPrefixedLines, readAnswer } from "./prefixed-lines-policy.ts";
import { outputSchemaSchema, prefixesSchema } from "./schema.ts";

const nested = (depth: number): Record<string, unknown> =>
  depth === 0 ? {} : { type: "object", properties: { a: nested(depth - 1) } };
const doubling = (levels: number) => ({
  type: "object",
  $defs: Object.fromEntries([
    ["d0", { type: "object" }],
    ...Array.from({ length: levels }, (_, level) => [
      `d${level + 1}`,
      { allOf: [{ $ref: `#/$defs/d${level}` }, { $ref: `#/$defs/d${level}` }] },
    ]),
  ]) as Record<string, unknown>,
});

describe("a JSON Schema", () => {
  it("may use every keyword, lead to itself further down, and hold other schemas [structured.schema]", () => {
    expect(findSchemaProblem(EVERY_KEYWORD)).toBeNull();
    expect(findSchemaProblem({ type: "object", properties: { below: { $ref: "#" } } })).toBeNull();
    expect(findSchemaProblem(nested(20))).toBeNull();
  });

  it.each([
    ["a text", "object", /must be an object/],
    ["a list", [], /must be an object/],
    ["null", null, /must be an object/],
    ["no object at its top", { type: "array" }, /"type": "object"/],
    ["nothing", {}, /"type": "object"/],
    [
      "a type that is none",
      { type: "object", properties: { a: { type: "banana" } } },
      /#\/properties\/a\/type must be one of/,
    ],
    ["properties that are none", { type: "object", properties: 5 }, /#\/properties must hold schemas/],
    ["a property that is no schema", { type: "object", properties: { a: 5 } }, /#\/properties\/a must be a schema/],
    ["required names that are none", { type: "object", required: "a" }, /#\/required/],
    ["an empty choice", { type: "object", anyOf: [] }, /#\/anyOf must hold schemas/],
    ["a choice of one value twice", { type: "object", properties: { a: { enum: [1, 1] } } }, /enum/],
    ["a negative length", { type: "object", properties: { a: { minLength: -1 } } }, /minLength/],
    ["a pattern that is none", { type: "object", properties: { a: { pattern: "(" } } }, /pattern must be a regular/],
    ["a reference to nowhere", { type: "object", properties: { a: { $ref: "#/$defs/b" } } }, /names no schema/],
    ["a reference outside", { type: "object", properties: { a: { $ref: "https://example.com/x" } } }, /\$ref must be/],
    ["a reference to what is no schema", { type: "object", title: "x", not: { $ref: "#/title" } }, /names no schema/],
    ["a misspelt keyword", { type: "object", propertes: {} }, /"propertes"/],
    ["a keyword of another dialect", { type: "object", unevaluatedProperties: false }, /"unevaluatedProperties"/],
    ["a name of its own", { type: "object", $id: "x" }, /"\$id"/],
    ["a condition without its end", { type: "object", if: {} }, /"then" or "else"/],
    ["an end without its condition", { type: "object", else: {} }, /"if"/],
    [
      "one property named twice",
      { type: "object", properties: { ab: {} }, patternProperties: { "^a": {} } },
      /either properties or/,
    ],
    ["itself for the same value", { type: "object", allOf: [{ $ref: "#" }] }, /leads back to itself/],
    ["schemas upon schemas for one value", doubling(12), /combines more than/],
    ["too much depth", nested(21), /at most 20 deep/],
    ["too many bytes", { type: "object", description: "x".repeat(33_000) }, /at most 32768 bytes/],
  ])("is refused with %s, in words that say where [structured.schema]", (_name, schema, words) => {
    expect(findSchemaProblem(schema)).toMatch(words);
    expect(outputSchemaSchema.safeParse(schema).success).toBe(false);
  });

  it("may have patterns that come to an end soon, and no others [structured.schema]", () => {
    const problem = (pattern: string) => findSchemaProblem({ type: "object", properties: { a: { pattern } } });
    for (const pattern of [
      "^[a-z]+$",
      "^(?:[a-z]{2}|x)$",
      "^\\d{4}-\\d{2}(-\\d{2})?$",
      "[(+]+",
      "\\(a+\\)+",
      "^[^@]+@[^@]+\\.[a-z]+$",
      "(abc)+",
      "^\\d+\\.\\d+\\.\\d+$",
      "^https?://[^\\s]+$",
      "^(?:one|two|three|four)(?:-\\d{1,3})?$",
      "^[0-9a-f]{8}(?:-[0-9a-f]{4}){0,1}$",
      "^(?<year>\\d{4})(?=-)",
    ]) {
      expect(problem(pattern), pattern).toBeNull();
    }
    for (const pattern of [
      "(a+)+$",
      "(a|a)*$",
      "((a+))+",
      "(a*b)*",
      "(?:x{2,})+",
      "(a+){9}",
      "a*a*a*a*$",
      "^a{0,999}a{0,999}a{0,999}a{0,999}$",
      `${"a?".repeat(30)}${"a".repeat(30)}`,
      "(?:a|a)".repeat(30),
      "(aa?)+$",
      "(a{1,2})*$",
      "(?:){99999}",
      "^(a+)\\1$",
      "^(?<a>a+)\\k<a>$",
      "x".repeat(501),
    ]) {
      expect(problem(pattern), pattern).toMatch(/pattern must be/);
    }
  });

  it("loses its formats where nobody checks them, and no property of that name", () => {
    const schema = { type: "object", format: "x", properties: { format: { type: "string", format: "email" } } };
    expect(withoutFormats(schema)).toEqual({ type: "object", properties: { format: { type: "string" } } });
  });
});

describe("prefixed lines of an answer", () => {
  it("are found whole, with their JSON, by the longest prefix that fits [structured.prefixes]", () => {
    const answer = 'Hi\n::metric {"a":1}\r\n::metric-x no json\n ::metric 3\nin ::metric 4\n::metric 5';
    expect(findPrefixedLines(answer, ["::metric ", "::metric-x "])).toEqual([
      { prefix: "::metric ", text: '{"a":1}', value: { a: 1 } },
      { prefix: "::metric-x ", text: "no json" },
      { prefix: "::metric ", text: "5", value: 5 },
    ]);
  });

  it("do not include the last line of an answer whose end is missing [structured.prefixes]", () => {
    expect(findPrefixedLines("::a 1\n::a 2[… 9 more characters]", ["::a "], true)).toHaveLength(1);
  });

  it("are bounded in number, size and depth [structured.prefixes]", () => {
    expect(findPrefixedLines("::a 1\n".repeat(900), ["::a "])).toHaveLength(500);
    const [long] = findPrefixedLines(`::a "${"x".repeat(20_000)}"`, ["::a "]);
    expect(long).not.toHaveProperty("value");
    expect(long?.text.length).toBeLessThan(17_000);
    expect(findPrefixedLines(`::a ${"[".repeat(2000)}${"]".repeat(2000)}`, ["::a "])[0]).not.toHaveProperty("value");
  });

  it("are read out of a turn's good result alone [structured.prefixes]", () => {
    expect(readAnswer({ type: "result", is_error: false, result: "x" })).toBe("x");
    expect(readAnswer({ type: "result", is_error: true, result: "x" })).toBeNull();
    expect(readAnswer({ type: "assistant", message: {} })).toBeNull();
  });

  it.each([[[]], [[""]], [["  "]], [["a\nb"]], [["a", "a"]], [["x".repeat(65)]], [Array.from({ length: 21 }, String)]])(
    "are not asked for with %j [structured.prefixes]",
    (prefixes) => {
      expect(prefixesSchema.safeParse(prefixes).success).toBe(false);
    },
  );
});
