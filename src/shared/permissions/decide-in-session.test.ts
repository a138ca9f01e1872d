import { describe, expect, it } from "vitest";
import { decideInSession, type SessionCall } from "./decide-in-session.ts";
import { PERMISSION_MODES } from "./permission-mode.ts";
import type { PermissionPolicy, PolicyScope } from "./policy-schema.ts";

const WHERE = { cwd: "/w", project_dir: "/w", home_dir: "/home/agent" };

function rules(policy: Partial<PermissionPolicy>, scope: PolicyScope = "project") {
  return { scope, policy: { auto_approved: [], user_consent: [], forbidden: [], ...policy } };
}

function decide(asked: Partial<SessionCall["asked"]>, call: Partial<SessionCall> = {}) {
  const base = { stage: "gate", tool_name: "Bash", tool_input: { command: "npm test" }, permission_mode: "default" };
  return decideInSession({
    asked: { ...base, ...WHERE, ...asked } as SessionCall["asked"],
    allowedTools: undefined,
    ceiling: { permission_mode: "bypassPermissions", allowed_tools: [] },
    policies: [],
    grantedRules: [],
    isCallGranted: false,
    ...call,
  });
}

describe("a tool call in a session", () => {
  it("without a rule is left to the mode at the gate, and asked where the mode asks [permissions.gate]", () => {
    expect(decide({})).toMatchObject({ behavior: "no_rule" });
    const asked = decide({ stage: "consent" });
    expect(asked).toMatchObject({ behavior: "ask", reason: expect.stringContaining("permission mode default") });
  });

  it.each(PERMISSION_MODES)(
    "in mode %s is refused by a forbidden rule, and asked by a consent rule [permissions.gate]",
    (mode) => {
      for (const stage of ["gate", "consent"] as const) {
        const asked = { stage, permission_mode: mode };
        expect(decide(asked, { policies: [rules({ forbidden: ["Bash(npm *)"] })] }).behavior).toBe("deny");
        expect(decide(asked, { policies: [rules({ user_consent: ["Bash(npm *)"] })] }).behavior).toBe("ask");
      }
    },
  );

  it("that is auto-approved runs, but never beyond allowed_tools [permissions.gate] [tools.ceiling]", () => {
    const policies = [rules({ auto_approved: ["Bash(npm *)"] })];
    expect(decide({}, { policies })).toMatchObject({ behavior: "allow", rule: "Bash(npm *)", scope: "project" });
    expect(decide({}, { policies, allowedTools: ["Read"] })).toMatchObject({ behavior: "deny", rule: null });
    expect(decide({}, { policies, isCallGranted: true, allowedTools: [] }).behavior).toBe("deny");
  });

  it.each([
    [["Read"], "Write", "deny"],
    [["Write"], "Write", "no_rule"],
    [[], "Write", "deny"],
    [["mcp__files__*"], "mcp__files__read", "no_rule"],
    [["mcp__files__*"], "mcp__filesystem__read", "deny"],
    [["write"], "Write", "deny"],
  ] as const)("with allowed_tools %j, %s is %s in every mode [tools.ceiling]", (allowedTools, tool_name, behavior) => {
    for (const permission_mode of PERMISSION_MODES) {
      expect(decide({ permission_mode, tool_name, tool_input: {} }, { allowedTools }).behavior).toBe(behavior);
    }
  });

  it("is held to every list of tools and to the mode that persons set at most [permissions.gate] [tools.ceiling]", () => {
    const policies = [rules({ auto_approved: ["Bash(npm *)"] })];
    const lists = (...allowed_tools: string[][]) => ({ permission_mode: "auto" as const, allowed_tools });
    expect(decide({}, { policies, ceiling: lists(["Bash", "Read"], ["Bash"]) }).behavior).toBe("allow");
    expect(decide({}, { policies, ceiling: lists(["Bash", "Read"], ["Read"]) }).behavior).toBe("deny");
    const leave = { tool_name: "ExitPlanMode", tool_input: {}, permission_mode: "plan", stage: "consent" } as const;
    const ceiling = { permission_mode: "plan" as const, allowed_tools: [] };
    expect(decide(leave, { ceiling }).behavior).toBe("deny");
    expect(decide(leave).behavior).toBe("ask");
  });

  it("in plan mode is not let run by a rule: the mode was asked for [permissions.gate]", () => {
    const policies = [rules({ auto_approved: ["Bash(npm *)"] })];
    expect(decide({ permission_mode: "plan" }, { policies }).behavior).toBe("no_rule");
    expect(decide({ permission_mode: "plan", stage: "consent" }, { policies }).behavior).toBe("ask");
  });

  it.each(["AskUserQuestion", "ExitPlanMode"])("%s is answered by no rule [permissions.questions]", (tool_name) => {
    const policies = [rules({ auto_approved: [tool_name] })];
    expect(decide({ tool_name, tool_input: {} }, { policies }).behavior).toBe("no_rule");
    expect(decide({ tool_name, tool_input: {}, stage: "consent" }, { policies }).behavior).toBe("ask");
    expect(decide({ tool_name, tool_input: {} }, { policies: [rules({ forbidden: [tool_name] })] }).behavior).toBe(
      "deny",
    );
  });

  it("that was shortened is asked when a rule would have to read it, and never allowed by one [permissions.gate]", () => {
    const tool_input = { command: "npm test [… 90000 more characters]" };
    const wanted = { auto_approved: ["Bash(npm *)"] };
    expect(decide({ tool_input }, { policies: [rules(wanted)] }).behavior).toBe("ask");
    expect(decide({ tool_input }, { policies: [rules({ forbidden: ["Bash(rm *)"] })] }).behavior).toBe("ask");
    expect(decide({ tool_input }, { grantedRules: ["Bash(npm *)"] }).behavior).not.toBe("allow");
  });

  it("from a runner that does not say where it works is asked wherever there are rules [runner.versions]", () => {
    const old = { cwd: undefined, project_dir: undefined, home_dir: undefined };
    expect(decide(old).behavior).toBe("no_rule");
    const policies = [rules({ auto_approved: ["Bash(npm *)"], forbidden: ["Edit(src/**)"] })];
    expect(decide(old, { policies }).behavior).toBe("ask");
    expect(decide(old, { policies: [rules({ forbidden: ["Bash"] })] }).behavior).toBe("deny");
  });
});

describe("what a person allowed for the session", () => {
  const grantedRules = ["Bash(npm test)"];

  it("runs what its rule takes, also where a consent rule asks, and nothing wider [permissions.session]", () => {
    expect(decide({}, { grantedRules }).behavior).toBe("allow");
    expect(decide({}, { grantedRules, policies: [rules({ user_consent: ["Bash(npm *)"] })] }).behavior).toBe("allow");
    expect(decide({ tool_input: { command: "npm test -- -u" } }, { grantedRules }).behavior).toBe("no_rule");
    expect(decide({ tool_input: { command: "npm test && rm -r x" } }, { grantedRules }).behavior).toBe("no_rule");
  });

  it("lifts nothing that is forbidden, or may be [permissions.session]", () => {
    const forbidden = [rules({ forbidden: ["Bash(npm *)"] }, "team")];
    expect(decide({}, { grantedRules, isCallGranted: true, policies: forbidden }).behavior).toBe("deny");
    const perhaps = { tool_name: "Edit", tool_input: { file_path: "~other/x" } };
    const policies = [rules({ forbidden: ["Edit(secret/**)"] })];
    expect(decide(perhaps, { grantedRules: ["Edit"], policies }).behavior).toBe("ask");
    expect(decide(perhaps, { isCallGranted: true, policies }).behavior).toBe("allow");
  });
});
