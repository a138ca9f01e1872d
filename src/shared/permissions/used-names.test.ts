import { describe, expect, it } from "vitest";
import { decide } from "./decide-call.ts";
import { approvedRules, commandOf, skillOf } from "./used-names.ts";

const approvals = { "ops:deploy": { scope: "team" as const, rules: ["Bash(git push *)"] } };
const push = { toolName: "Bash", toolInput: { command: "git push origin main" } };
const facts = { projectDir: "/p", homeDir: "/h", cwd: "/p" };

describe("a command that a prompt begins with", () => {
  it.each([
    ["/deploy", "deploy"],
    ["/ops:deploy now, please", "ops:deploy"],
    ["/deploy\nto production", "deploy"],
    ["please /deploy", null],
    ["/deploy/../other", null],
    ["/", null],
    [" /deploy", null],
  ])("of %j is %j [commands.approvals]", (prompt, name) => {
    expect(commandOf(prompt)).toBe(name);
  });

  it("is no skill that a tool call loads, unless the call says so", () => {
    expect(skillOf({ tool_name: "Skill", tool_input: { skill: "/ops:deploy", args: "now" } })).toBe("ops:deploy");
    expect(skillOf({ tool_name: "Bash", tool_input: { skill: "ops:deploy" } })).toBeNull();
    expect(skillOf({ tool_name: "Skill", tool_input: { skill: 7 } })).toBeNull();
  });
});

describe("what a command lets run without a question", () => {
  it("runs in a turn that uses it, and in no other [commands.approvals]", () => {
    expect(decide(approvedRules(approvals, ["ops:deploy"], []), push, facts).behavior).toBe("allow");
    expect(decide(approvedRules(approvals, [null, "other", "constructor"], []), push, facts).behavior).toBe("no_rule");
  });

  it("does not run where the repository has a command of that name, or it is not known what it has [commands.approvals]", () => {
    expect(approvedRules(approvals, ["ops:deploy"], ["ops:deploy"])).toEqual([]);
    expect(approvedRules(approvals, ["ops:deploy"], undefined)).toEqual([]);
  });

  it("lifts nothing that a rule forbids or wants to be asked about [commands.approvals]", () => {
    const approved = approvedRules(approvals, ["ops:deploy"], []);
    const rules = (policy: object) => [
      ...approved,
      { scope: "session" as const, policy: { auto_approved: [], user_consent: [], forbidden: [], ...policy } },
    ];
    expect(decide(rules({ forbidden: ["Bash(git push *)"] }), push, facts).behavior).toBe("deny");
    expect(decide(rules({ user_consent: ["Bash(git *)"] }), push, facts).behavior).toBe("ask");
  });
});
