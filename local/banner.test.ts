import { describe, expect, it } from "vitest";
import { describeTakeover } from "./banner.ts";

describe("what npm start says about an earlier run", () => {
  it("names what it ended [start.leftovers]", () => {
    expect(describeTakeover(["wrangler", "runner-1"], "/home")).toBe(
      "Ended what an earlier run left: wrangler, runner-1.",
    );
  });

  it("says in one line that it takes the place of a Berth that still lived there [start.leftovers]", () => {
    const line = describeTakeover(["start", "wrangler"], "/home");
    expect(line).toContain("Another Berth ran in /home, and this one takes its place");
    expect(line).not.toContain("\n");
  });
});
