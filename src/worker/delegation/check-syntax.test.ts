import { describe, expect, it } from "vitest";
import { checkSyntax } from "./check-syntax.ts";

describe("a generated file", () => {
  it.each([
    ["a.ts", "enum A { B }\nexport const a = <T,>(x: T): T => x satisfies unknown as T;"],
    ["a.tsx", "export const A = (p: { x: string }) => <b>{p.x}</b>;"],
    ["a.js", "module.exports = require('x'); return;"],
    ["a.mjs", "import a from 'a' with { type: 'json' }; await a;"],
    ["a.jsx", "export default () => <></>;"],
    ["a.d.ts", "declare module 'x' { export function f(a: number): void; }"],
    ["a.ts", "@decorated class A { accessor x = 1 }"],
    ["A.JSON", '\uFEFF{"a": [1]}'],
    ["a.yml", "a: 1\n---\nb: [2]\n"],
    ["a.sh", '#!/bin/sh\nfor f in *; do echo "$f"; done\n'],
    ["empty.ts", ""],
  ])("%s that is well formed parses: %j [delegation.validated]", (path, text) => {
    expect(checkSyntax(path, text)).toBeNull();
  });

  it.each([
    ["a.ts", "const ok = 1;\nconst = 2;", "does not parse at line 2"],
    ["a.js", "const a: number = 1;", "does not parse at line 1"],
    ["a.tsx", "export const A = <b>;", "does not parse at line 1"],
    ["a.json", "{a: 1}", "is no valid JSON"],
    ["a.yaml", "a: [1\nb: 2", "is no valid YAML at line"],
    ["a.sh", "if true; then echo", "does not parse as a shell script"],
  ])("%s that is not says so: %j [delegation.validated]", (path, text, problem) => {
    expect(checkSyntax(path, text)).toContain(problem);
  });

  it.each(["a.py", "Makefile", "a.", "a.constructor"])("%s is said nothing of", (path) => {
    expect(checkSyntax(path, "{{{")).toBeUndefined();
  });

  it("does not take its own text into what is said", () => {
    expect(checkSyntax("a.ts", "const SECRET_WORD = = 1")).not.toContain("SECRET_WORD");
  });
});
