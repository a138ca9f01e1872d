import { describe, expect, it } from "vitest";
import { DEFAULT_TOOLSETS, readToolsets, TOOLSETS } from "./toolsets.ts";

describe("toolsets in the URL", () => {
  it("are the default when none are named", () => {
    expect(readToolsets(null)).toEqual(DEFAULT_TOOLSETS);
    expect(readToolsets(" ")).toEqual(DEFAULT_TOOLSETS);
  });

  it("are all with `all`, and keep one order however they are written", () => {
    expect(readToolsets("all")).toEqual(TOOLSETS);
    expect(readToolsets("projects, sessions")).toEqual(["sessions", "projects"]);
  });

  it("are refused when unknown, naming those that exist", () => {
    expect(() => readToolsets("sessions,secrets")).toThrow(`${TOOLSETS.join(", ")}, or all`);
  });
});
