import { describe, expect, it } from "vitest";
import type { ScopedItem } from "./item.ts";
import { materialise } from "./materialise.ts";
import { mergeConfiguration } from "./merge.ts";
import { CONFIGURATION_SCOPES, type ConfigurationScope } from "./place.ts";

const item = (scope: ConfigurationScope, kind: ScopedItem["kind"], name: string, value: unknown): ScopedItem => {
  return { scope, kind, name, value };
};
const policy = (forbidden: string[]) => ({ auto_approved: [], user_consent: [], forbidden });

describe("a merge of scopes", () => {
  it("lets the narrower scope win, item by item, and says what it overrides [configuration.merge]", () => {
    const merged = mergeConfiguration([
      item("session", "setting", "language", "Welsh"),
      item("team", "setting", "language", "English"),
      item("project", "setting", "language", "French"),
      item("team", "setting", "respectGitignore", true),
    ]);
    expect(merged.items).toEqual([
      { ...item("team", "setting", "respectGitignore", true), overrides: [] },
      { ...item("session", "setting", "language", "Welsh"), overrides: ["team", "project"] },
    ]);
  });

  it("gives the same for the same items in any order [configuration.merge]", () => {
    const items = CONFIGURATION_SCOPES.flatMap((scope) => [
      item(scope, "memory", "memory", `of the ${scope}`),
      item(scope, "policy", "policy", policy([`Bash(${scope})`])),
      item(scope, "environment", "COLOR", scope),
    ]);
    expect(mergeConfiguration(items.toReversed())).toEqual(mergeConfiguration(items));
  });

  it("keeps the rules and instructions of every scope, wide to narrow [configuration.merge]", () => {
    const { sandbox, gate } = materialise(
      mergeConfiguration([
        item("session", "memory", "memory", "last words"),
        item("team", "memory", "memory", "first words"),
        item("project", "policy", "policy", policy(["Write"])),
        item("team", "policy", "policy", policy(["Bash(rm *)"])),
      ]),
    );
    const text = sandbox.files.find(({ path }) => path === "CLAUDE.md")?.content ?? "";
    expect(text.indexOf("first words")).toBeLessThan(text.indexOf("last words"));
    expect(gate.policies.map(({ scope }) => scope)).toEqual(["team", "project"]);
  });

  it("holds the narrowest ceiling of all scopes, not the last one [configuration.ceiling]", () => {
    const ceilings = [
      item("team", "ceiling", "ceiling", { permission_mode: "acceptEdits", allowed_tools: ["Read", "Write"] }),
      item("project", "ceiling", "ceiling", { permission_mode: "bypassPermissions", allowed_tools: ["Read"] }),
    ];
    expect(materialise(mergeConfiguration(ceilings)).gate.ceiling).toEqual({
      permission_mode: "acceptEdits",
      allowed_tools: [["Read", "Write"], ["Read"]],
    });
  });

  it("forbids everything while a policy, a ceiling or hooks cannot be read [configuration.unreadable]", () => {
    const merged = mergeConfiguration([item("team", "policy", "policy", { forbidden: ["Bash(("] })]);
    expect(merged.unreadable).toMatchObject([{ scope: "team", kind: "policy" }]);
    expect(materialise(merged).gate.policies).toEqual([{ scope: "team", policy: policy(["*"]) }]);
    // A hook may have been a guard.
    const hooks = mergeConfiguration([item("user", "hooks", "hooks", { Unknown: [] })]);
    expect(materialise(hooks).gate.policies).toEqual([{ scope: "user", policy: policy(["*"]) }]);
  });

  it("leaves out another item that cannot be read, and names it [configuration.unreadable]", () => {
    const merged = mergeConfiguration([
      item("team", "setting", "language", 7),
      item("user", "setting", "language", "French"),
    ]);
    expect(merged.items.map(({ value }) => value)).toEqual(["French"]);
    expect(merged.unreadable).toMatchObject([{ scope: "team", kind: "setting", name: "language" }]);
  });

  it("leaves out a server, and a wider scope's that it hid, while it cannot be read [configuration.unreadable]", () => {
    const server = { type: "http", url: "https://mcp.example.com/" };
    const merged = mergeConfiguration([
      item("team", "mcp_server", "docs", server),
      item("team", "mcp_server", "other", server),
      item("project", "mcp_server", "docs", { enabled: "no" }),
    ]);
    expect(merged.items.map(({ name }) => name)).toEqual(["other"]);
    const again = mergeConfiguration([
      item("project", "mcp_server", "docs", { enabled: "no" }),
      item("session", "mcp_server", "docs", server),
    ]);
    expect(again.items.map(({ scope }) => scope)).toEqual(["session"]);
  });

  it("counts nothing of a repository while a scope's choice cannot be read [configuration.unreadable]", () => {
    const merged = mergeConfiguration([
      item("team", "repository", "repository", { hooks: true, mcp_servers: true }),
      item("project", "repository", "repository", { hooks: "no" }),
    ]);
    const { repository } = materialise(merged).sandbox;
    expect(repository).toEqual({ instructions: false, hooks: false, mcp_servers: false });
  });

  it("approves nothing under a name that a command and a skill have [commands.approvals]", () => {
    const command = (allowed_tools: string[]) => {
      return { description: null, category: null, argument_hint: null, model: null, body: "x", allowed_tools };
    };
    const skill = {
      description: "x",
      allowed_tools: [],
      files: [{ path: "SKILL.md", content: "x", encoding: "utf8", executable: false }],
      source: { kind: "written" },
    };
    const { approvals } = materialise(
      mergeConfiguration([
        item("team", "command", "deploy", command(["Bash(git push *)"])),
        item("team", "command", "test", command(["Bash(make test)"])),
        item("session", "skill", "deploy", skill),
      ]),
    ).gate;
    expect(Object.keys(approvals)).toEqual(["test"]);
  });

  it("trusts what a repository says, and not what it would run, until somebody chooses [configuration.repository]", () => {
    const of = (...items: ScopedItem[]) => materialise(mergeConfiguration(items)).sandbox.repository;
    expect(of()).toEqual({ instructions: true, hooks: false, mcp_servers: false });
    expect(
      of(
        item("team", "repository", "repository", { hooks: true }),
        item("project", "repository", "repository", { instructions: false }),
        item("session", "repository", "repository", { hooks: false }),
      ),
    ).toEqual({ instructions: false, hooks: false, mcp_servers: false });
  });
});
