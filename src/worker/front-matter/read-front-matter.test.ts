import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { splitFrontMatter } from "./read-front-matter.ts";

/** Claude Code's own. */
const CLAUDE_CODES = /^---\s*\n([\s\S]*?)---\s*\n?/;

describe("front matter", () => {
  it("is taken off where Claude Code takes it off [commands.read]", () => {
    const piece = constantFrom("---", "-", "\n", "\r\n", " ", "a: b", "\u00a0");
    const text = array(piece, { maxLength: 12 }).map((pieces) => `---${pieces.join("")}`);
    assert(
      property(text, (markdown) => {
        const match = CLAUDE_CODES.exec(markdown);
        const wanted = match === null ? null : { yaml: match[1], body: markdown.slice(match[0].length) };
        expect(splitFrontMatter(markdown)).toEqual(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes no longer for an endless run of empty lines [commands.read]", () => {
    const started = performance.now();
    expect(splitFrontMatter(`---${"\n".repeat(600_000)}`)).toBeNull();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
