import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REQUIREMENTS } from "../requirements.ts";

const root = join(import.meta.dirname, "..", "..");
/** The name in it("…"), describe("…") and it.each(…)("…"). */
const TEST_NAME = /\b(?:it|test|describe)(?:\.each(?:<[^(]*>)?\([\s\S]{0,4000}?\))?\(\s*(["'`][^\n]*)/g;
const CITATION = /\[([a-z0-9_]+(?:\.[a-z0-9_]+)+)\]/g;
const files = globSync(["{src,test,local}/**/*.test.{ts,tsx}", "test/journeys/*.ts"], {
  cwd: root,
});

function citations(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    // Only the names of tests count: a mention in a comment proves nothing.
    for (const [, name = ""] of text.matchAll(TEST_NAME)) {
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
