import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { approvedRules } from "../../shared/permissions/used-names.ts";
import { readOwnNames } from "./own-names.ts";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "berth-names-"));
  mkdirSync(join(workspace, "claude"));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const write = (path: string): void => {
  mkdirSync(dirname(join(workspace, path)), { recursive: true });
  writeFileSync(join(workspace, path), "x");
};

const read = () =>
  readOwnNames({
    workspaceDir: workspace,
    configDir: join(workspace, "claude"),
    configuration: join(workspace, "configuration"),
  });
const sorted = (names: string[] | undefined) => names?.toSorted((one, other) => one.localeCompare(other));

describe("a repository's own commands and skills", () => {
  it("are named as Claude Code names them, also through a link [commands.approvals]", () => {
    write(".claude/commands/deploy.md");
    write(".claude/commands/ops/roll-back.md");
    write(".claude/commands/notes.txt");
    write(".claude/skills/writing/SKILL.md");
    write("elsewhere/linked.md");
    symlinkSync(join(workspace, "elsewhere"), join(workspace, ".claude/commands/far"));
    write(".claude/commands/ops/release/skill.md");
    const names = ["deploy", "far:linked", "ops:release", "ops:release:skill", "ops:roll-back", "writing"];
    expect(sorted(read())).toEqual(names);
  });

  it("are none without a folder, and not known where there are too many or they lie too deep [commands.approvals]", () => {
    expect(read()).toEqual([]);
    write(".claude/commands/a/b/c/d/e/f.md");
    expect(read()).toBeUndefined();
    rmSync(join(workspace, ".claude"), { recursive: true });
    for (let number = 0; number <= 500; number++) write(`.claude/commands/c${number}.md`);
    expect(read()).toBeUndefined();
    rmSync(join(workspace, ".claude"), { recursive: true });
    symlinkSync(".", join(workspace, ".claude"));
    mkdirSync(join(workspace, "commands"));
    symlinkSync(".", join(workspace, "commands", "loop"));
    expect(read()).toBeUndefined();
  });

  it("are not known where a name is longer than can be told, so that nothing of ours counts [commands.approvals]", () => {
    const part = "x".repeat(200);
    write(`.claude/commands/${part}/${part}.md`);
    expect(read()).toBeUndefined();
    expect(approvedRules({ deploy: { scope: "team", rules: ["Bash(git push *)"] } }, ["deploy"], read())).toEqual([]);
  });
});

describe("what the agent has put into Claude Code's user folder", () => {
  const ours = (name: string) => join(workspace, "configuration", "one", name);
  beforeEach(() => {
    write("configuration/one/commands/deploy.md");
    write("configuration/one/skills/writing/SKILL.md");
    write("elsewhere/skills/writing/SKILL.md");
  });
  const show = (name: string, target = ours(name)): void => symlinkSync(target, join(workspace, "claude", name));

  it("is nothing where the folder shows what is configured [commands.approvals]", () => {
    show("commands");
    show("skills");
    expect(read()).toEqual([]);
  });

  it("counts where it stands in the place of what is configured [commands.approvals]", () => {
    write("claude/commands/deploy.md");
    show("skills", join(workspace, "elsewhere/skills"));
    expect(sorted(read())).toEqual(["deploy", "writing"]);
  });

  it.each([
    ["another of our folders", () => ours("skills")],
    ["a folder within one of ours", () => ours("skills/writing/commands")],
    ["a way through ours to elsewhere", () => `${ours("commands")}/../../../elsewhere/commands`],
  ])("counts behind a link to %s [commands.approvals]", (_, target) => {
    write("elsewhere/commands/writing.md");
    write("configuration/one/skills/writing/commands/writing.md");
    write("configuration/one/skills/writing.md");
    show("commands", target());
    expect(read()).toContain("writing");
  });
});
