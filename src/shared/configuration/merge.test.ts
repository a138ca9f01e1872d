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

  it("forbids everything while a policy or ceiling cannot be read [configuration.unreadable]", () => {
    const merged = mergeConfiguration([item("team", "policy", "policy", { forbidden: ["Bash(("] })]);
    expect(merged.unreadable).toMatchObject([{ scope: "team", kind: "policy" }]);
    expect(materialise(merged).gate.policies).toEqual([{ scope: "team", policy: policy(["*"]) }]);
  });

  it("leaves out another item that cannot be read, and names it [configuration.unreadable]", () => {
    const merged = mergeConfiguration([
      item("team", "setting", "language", 7),
      item("user", "setting", "language", "French"),
    ]);
    expect(merged.items.map(({ value }) => value)).toEqual(["French"]);
    expect(merged.unreadable).toMatchObject([{ scope: "team", kind: "setting", name: "language" }]);
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
