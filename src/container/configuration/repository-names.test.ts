import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRepositoryNames } from "./repository-names.ts";

let workspace: string;
beforeEach(() => (workspace = mkdtempSync(join(tmpdir(), "berth-names-"))));
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const write = (path: string): void => {
  mkdirSync(dirname(join(workspace, path)), { recursive: true });
  writeFileSync(join(workspace, path), "x");
};

describe("a repository's own commands and skills", () => {
  it("are named as Claude Code names them, also through a link [commands.approvals]", () => {
    write(".claude/commands/deploy.md");
    write(".claude/commands/ops/roll-back.md");
    write(".claude/commands/notes.txt");
    write(".claude/skills/writing/SKILL.md");
    write("elsewhere/linked.md");
    symlinkSync(join(workspace, "elsewhere"), join(workspace, ".claude/commands/far"));
    const names = readRepositoryNames(workspace);
    expect(names?.toSorted((one, other) => one.localeCompare(other))).toEqual([
      "deploy",
      "far:linked",
      "ops:roll-back",
      "writing",
    ]);
  });

  it("are none without a folder, and not known where there are too many or they lie too deep [commands.approvals]", () => {
    expect(readRepositoryNames(workspace)).toEqual([]);
    write(".claude/commands/a/b/c/d/e/f.md");
    expect(readRepositoryNames(workspace)).toBeUndefined();
    rmSync(join(workspace, ".claude"), { recursive: true });
    for (let number = 0; number <= 500; number++) write(`.claude/commands/c${number}.md`);
    expect(readRepositoryNames(workspace)).toBeUndefined();
    rmSync(join(workspace, ".claude"), { recursive: true });
    symlinkSync(".", join(workspace, ".claude"));
    mkdirSync(join(workspace, "commands"));
    symlinkSync(".", join(workspace, "commands", "loop"));
    expect(readRepositoryNames(workspace)).toBeUndefined();
  });
});
