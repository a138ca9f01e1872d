import { describe, expect, it } from "vitest";
import { readBody } from "./command-body.ts";

describe("shell commands in a text", () => {
  it("are seen in fences of any length, also when one begins where another one ends [commands.inline_shell]", () => {
    expect(readBody("```````!one``````!two```").shell).toEqual(["one", "two"]);
  });

  it("are looked for no longer in an endless run of backticks [commands.inline_shell]", () => {
    const started = performance.now();
    expect(readBody("`".repeat(60_000)).shell).toEqual([]);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
