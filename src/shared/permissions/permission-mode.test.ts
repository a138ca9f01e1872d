import { describe, expect, it } from "vitest";
import { cutToCeiling, PERMISSION_MODES } from "./permission-mode.ts";
import { toolNameSchema } from "./tool-allow-list.ts";

describe("cutToCeiling", () => {
  it("never gives a wider mode than the ceiling, and never narrows one below it [tools.ceiling]", () => {
    for (const [askedAt, asked] of PERMISSION_MODES.entries()) {
      for (const [ceilingAt, ceiling] of PERMISSION_MODES.entries()) {
        expect(cutToCeiling(asked, ceiling)).toBe(PERMISSION_MODES[Math.min(askedAt, ceilingAt)]);
      }
    }
  });
});

describe("allowed_tools", () => {
  it("takes plain tool names alone: a rule with arguments would look narrower than it is", () => {
    expect(toolNameSchema.safeParse("Bash(git *)").success).toBe(false);
    expect(toolNameSchema.safeParse("mcp__a__*").success).toBe(true);
    expect(toolNameSchema.safeParse("*").success).toBe(false);
  });
});
