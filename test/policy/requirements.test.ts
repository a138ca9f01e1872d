import { readFileSync } from "node:fs";
import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REQUIREMENTS } from "../requirements.ts";

const CITATION = /\[([a-z0-9_]+(?:\.[a-z0-9_]+)+)\]/g;
const files = globSync("{src,test,local}/**/*.test.{ts,tsx}", { cwd: new URL("../..", import.meta.url).pathname });

function citations(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    // Only the names of tests count: a mention in a comment proves nothing.
    for (const [, name = ""] of text.matchAll(/\b(?:it|test|describe)(?:\.[\w.]+(?:\([^)]*\))?)?\(\s*(["'`][^\n]*)/g)) {
      for (const [, id = ""] of name.matchAll(CITATION)) found.set(id, [...(found.get(id) ?? []), file]);
    }
  }
  return found;
}

describe("the ledger of requirements", () => {
  const cited = citations();

  it("has a citing test for every id [repo.ledger]", () => {
    expect(Object.keys(REQUIREMENTS).filter((id) => !cited.has(id))).toEqual([]);
  });

  it("knows every id that a test cites [repo.ledger]", () => {
    const unknown = [...cited].filter(([id]) => !(id in REQUIREMENTS)).map(([id, where]) => `${id} in ${where[0]}`);
    expect(unknown).toEqual([]);
  });
});
