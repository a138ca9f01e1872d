import { describe, expect, it } from "vitest";
import { checkChange, isWidening, MAX_ITEM_BYTES } from "./item.ts";
import type { ItemKind } from "./item-kinds.ts";
import { mayChange } from "./access-policy.ts";
import type { ConfigurationScope } from "./place.ts";

const policy = (lists: Partial<Record<"auto_approved" | "user_consent" | "forbidden", string[]>>) => {
  return { auto_approved: [], user_consent: [], forbidden: [], ...lists };
};

describe("a change of an item", () => {
  it.each<[string, ItemKind, string, unknown, ConfigurationScope]>([
    ["a setting that is not one of those kept here", "setting", "apiKeyHelper", "cat /etc/passwd", "user"],
    ["a setting that every object has", "setting", "constructor", "x", "user"],
    ["a setting that every object has, gone", "setting", "toString", null, "user"],
    ["a setting of the wrong type", "setting", "respectGitignore", "yes", "user"],
    ["hooks in the guise of a setting", "setting", "hooks", {}, "team"],
    ["a variable that says who Claude Code talks to", "environment", "ANTHROPIC_BASE_URL", "https://x.test", "user"],
    ["a variable that says which programs are found", "environment", "PATH", "/tmp", "project"],
    ["a variable that loads code", "environment", "LD_PRELOAD", "/tmp/x.so", "project"],
    ["a variable with a name that no shell takes", "environment", "A=B", "x", "project"],
    ["a ceiling at a scope that has none", "ceiling", "ceiling", {}, "session"],
    ["a second policy", "policy", "mine", policy({}), "user"],
    ["a rule that cannot be read", "policy", "policy", policy({ forbidden: ["Bash[x]y"] }), "user"],
    ["an unknown field", "repository", "repository", { everything: true }, "project"],
    ["a text that is too long", "memory", "memory", "x".repeat(100_001), "project"],
  ])("refuses %s [configuration.checked]", (...[, kind, name, value, scope]) => {
    const checked = checkChange({ scope }, { kind, name, value });
    expect(checked.ok).toBe(false);
    expect(checked.ok ? "" : checked.problem).toMatch(/\w+ \w+/);
  });

  it("takes what fits, and a removal", () => {
    for (const value of ["Speak plainly.", null]) {
      const change = { kind: "memory", name: "memory", value } as const;
      expect(checkChange({ scope: "team" }, change)).toEqual({ ok: true, change });
    }
    expect(MAX_ITEM_BYTES).toBeGreaterThan(100_000);
  });

  it("counts bytes, not characters, as a store does [configuration.checked]", () => {
    const skill = (text: string) => ({
      description: "notes",
      allowed_tools: [],
      files: [{ path: "SKILL.md", content: text, encoding: "utf8", executable: false }],
      source: { kind: "written" },
    });
    const check = (text: string) =>
      checkChange({ scope: "user" }, { kind: "skill", name: "notes", value: skill(text) }).ok;
    expect([check("e".repeat(500_000)), check("€".repeat(500_000))]).toEqual([true, false]);
  });
});

describe("a change widens", () => {
  const rows: [boolean, ItemKind, unknown, unknown][] = [
    [true, "policy", null, policy({ auto_approved: ["Bash(git *)"] })],
    [true, "policy", policy({ forbidden: ["Write"] }), null],
    [true, "policy", policy({ forbidden: ["Write"] }), policy({ user_consent: ["Write"] })],
    [true, "policy", policy({ user_consent: ["Write"] }), policy({})],
    [false, "policy", policy({ user_consent: ["Write"] }), policy({ forbidden: ["Write"] })],
    [true, "policy", policy({ auto_approved: ["Bash(git *)"] }), policy({ forbidden: ["Read"] })],
    [false, "policy", policy({ auto_approved: ["Read"] }), policy({ forbidden: ["Write"] })],
    [true, "policy", policy({ auto_approved: ["Bash(git *)"] }), null],
    [true, "policy", policy({ auto_approved: ["Bash(git *)", "Read"] }), policy({ auto_approved: ["Read"] })],
    [false, "policy", policy({ auto_approved: ["Bash(git *)", "Read"] }), policy({ auto_approved: ["Bash(git *)"] })],
    [false, "policy", policy({ auto_approved: ["Bash", "Edit(src/**)"] }), null],
    [false, "policy", policy({ auto_approved: ["Bash(git *)"] }), policy({ forbidden: ["Bash(git *)"] })],
    [false, "policy", policy({ auto_approved: ["Bash(git *)"] }), policy({ user_consent: ["Bash"] })],
    [true, "ceiling", { permission_mode: "plan" }, null],
    [true, "ceiling", { permission_mode: "plan" }, { permission_mode: "default" }],
    [false, "ceiling", { permission_mode: "default" }, { permission_mode: "plan" }],
    [true, "ceiling", { allowed_tools: ["Read"] }, { allowed_tools: ["Read", "Bash"] }],
    [true, "ceiling", { allowed_tools: ["Read"] }, {}],
    [false, "ceiling", null, { allowed_tools: [] }],
    [true, "repository", null, { hooks: true }],
    [true, "repository", { hooks: false }, null],
    [true, "repository", { instructions: false }, { instructions: true }],
    [false, "repository", null, { hooks: false, mcp_servers: false, instructions: false }],
    [true, "environment", null, "x"],
    [true, "environment", "x", "y"],
    [false, "environment", "x", null],
    [false, "memory", null, "x"],
    [false, "setting", null, "x"],
  ];
  it.each(rows)("%s: %s from %j to %j [configuration.widening]", (widens, kind, before, after) => {
    const name = kind === "environment" ? "COLOR" : kind === "setting" ? "language" : kind;
    expect(isWidening({ kind, name, value: after }, before)).toBe(widens);
  });

  it("when what was there cannot be read any more [configuration.widening]", () => {
    const unreadable = { auto_approved: "all" };
    for (const value of [policy({ auto_approved: ["Read"] }), policy({ forbidden: ["Write"] }), null]) {
      expect(isWidening({ kind: "policy", name: "policy", value }, unreadable)).toBe(true);
    }
    expect(isWidening({ kind: "memory", name: "memory", value: null }, 7)).toBe(true);
  });
});

describe("who may change a place", () => {
  const [team, me, other] = ["t", "me", "other"];
  const principal = (role: "owner" | "member", team_id = team) => ({ user_id: me, team_id, role });
  it.each<[string, ConfigurationScope, "owner" | "member", string | null, string]>([
    ["an owner the team's", "team", "owner", null, "ok"],
    ["a member not the team's", "team", "member", null, "role"],
    ["a person their own", "user", "member", me, "ok"],
    ["nobody another person's", "user", "owner", other, "hidden"],
    ["a person their project's", "project", "member", me, "ok"],
    ["an owner a member's project's", "project", "owner", other, "ok"],
    ["a member not another member's project's", "project", "member", other, "hidden"],
    ["nobody another person's session's", "session", "owner", other, "hidden"],
  ])("%s [configuration.roles]", (...[, scope, role, owner_id, verdict]) => {
    expect(mayChange(principal(role), { scope, scope_id: "x" }, { team_id: team, owner_id })).toBe(verdict);
    expect(mayChange(principal(role, "elsewhere"), { scope, scope_id: "x" }, { team_id: team, owner_id })).toBe(
      "hidden",
    );
  });
});
