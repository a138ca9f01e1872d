import { describe, expect, it } from "vitest";
import { hidesCharacters, isPlainQuoted, isPlainWord } from "./plain-text.ts";

describe("isPlainWord", () => {
  it.each(["a", "--x=y", "a\\ b", "\\$x", "\\`", "{}", "a]", "^a^", "é", "x{a}", "$"])("takes %j for plain", (text) => {
    expect(isPlainWord(text)).toBe(true);
  });

  it.each([
    "$x",
    "${x}",
    "$(x)",
    "`x`",
    "a;b",
    "a|b",
    "a&b",
    "a b",
    "'a'",
    '"a"',
    "$'a'",
    "<(x)",
    "*",
    "a?",
    "{a,b}",
    "{1..3}",
    "a\\",
  ])("does not take %j for plain, whatever the grammar says", (text) => {
    expect(isPlainWord(text)).toBe(false);
  });
});

describe("isPlainQuoted", () => {
  it("finds what double quotes leave alive", () => {
    for (const text of ["a b; 'c' | d", "\\$x", "cost: 5 $", "{a,b} * ?"]) expect(isPlainQuoted(text)).toBe(true);
    for (const text of ["$x", "${x}", "$(x)", "`x`", "\\\\$x"]) expect(isPlainQuoted(text)).toBe(false);
  });
});

describe("hidesCharacters", () => {
  it("finds what a person would not see", () => {
    for (const text of ["a\tb\nc", "é", "👨‍👩‍👧"]) expect(hidesCharacters(text)).toBe(false);
    for (const text of ["a\rb", "\u0000", "\u001b[1m", "\u202e", "\u200b", "\ufeff", "\u2028"]) {
      expect(hidesCharacters(text)).toBe(true);
    }
  });
});
