import { describe, expect, it } from "vitest";
import { cutToCeiling, PERMISSION_MODES } from "./permission-mode.ts";
import { decidePermission } from "./permission-policy.ts";
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

describe("decidePermission", () => {
  const facts = { stage: "gate", toolName: "Write", permissionMode: "acceptEdits", allowedTools: undefined } as const;

  it("leaves a call without a rule to Claude Code's own mode", () => {
    expect(decidePermission(facts)).toEqual({ behavior: "no_rule" });
  });

  it("denies what would have to be asked, and says what to do [tools.ceiling]", () => {
    const decision = decidePermission({ ...facts, stage: "consent", toolName: "Bash" });
    expect(decision).toMatchObject({ behavior: "deny" });
    expect(decision).toHaveProperty(
      "message",
      expect.stringMatching(/^Bash needs a person's consent in permission mode/),
    );
  });

  it.each([
    [["Read"], "Write", "deny"],
    [["Write"], "Write", "no_rule"],
    [[], "Write", "deny"],
    [["mcp__files__*"], "mcp__files__read", "no_rule"],
    [["mcp__files__*"], "mcp__filesystem__read", "deny"],
    [["write"], "Write", "deny"],
  ] as const)("with allowed_tools %j, %s is %s in every mode", (allowedTools, toolName, behavior) => {
    for (const permissionMode of PERMISSION_MODES) {
      expect(decidePermission({ ...facts, permissionMode, allowedTools, toolName }).behavior).toBe(behavior);
    }
  });

  it("takes plain tool names alone: a rule with arguments would look narrower than it is", () => {
    expect(toolNameSchema.safeParse("Bash(git *)").success).toBe(false);
    expect(toolNameSchema.safeParse("mcp__a__*").success).toBe(true);
    expect(toolNameSchema.safeParse("*").success).toBe(false);
  });
});
