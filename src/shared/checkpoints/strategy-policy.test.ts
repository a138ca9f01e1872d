import { describe, expect, it } from "vitest";
import { isDestructiveCommand } from "./destructive-command.ts";
import { decideToolKind, decideTurnKind, LARGE_CHANGE_BYTES, looksAtTools } from "./strategy-policy.ts";

const change = (files: number, readBytes = 0) => ({ changes: { added: 0, changed: files, removed: 0 }, readBytes });

describe("a turn's checkpoint", () => {
  it("is of the kind that the strategy says, and there is always one [checkpoints.strategies]", () => {
    expect(decideTurnKind("manual", change(100))).toBe("autosave");
    expect(decideTurnKind("per_turn", change(0))).toBe("turn");
    expect(decideTurnKind("per_tool_use", change(0))).toBe("turn");
    expect(decideTurnKind("smart", change(9))).toBe("autosave");
    expect(decideTurnKind("smart", change(10))).toBe("smart");
    expect(decideTurnKind("smart", change(1, LARGE_CHANGE_BYTES))).toBe("smart");
    expect(decideTurnKind("smart", change(0, LARGE_CHANGE_BYTES))).toBe("autosave");
    const spread = { changes: { added: 4, changed: 3, removed: 3 }, readBytes: 0 };
    expect(decideTurnKind("smart", spread)).toBe("smart");
  });
});

describe("a checkpoint before a tool call", () => {
  const tool = (tool_name: string, tool_input: unknown = {}) => ({ tool_name, tool_input });

  it("is looked for by two strategies alone [checkpoints.strategies]", () => {
    expect((["manual", "per_turn", "per_tool_use", "smart"] as const).map(looksAtTools)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(decideToolKind("per_turn", tool("Bash", { command: "rm -rf ." }))).toBeNull();
    expect(decideToolKind("manual", tool("Write"))).toBeNull();
  });

  it("comes with per_tool_use before whatever may change files [checkpoints.strategies]", () => {
    for (const name of ["Bash", "Write", "Edit", "MultiEdit", "NotebookEdit", "Task", "Agent", "mcp__github__merge"])
      expect(decideToolKind("per_tool_use", tool(name)), name).toBe("tool_use");
    for (const name of ["Read", "Grep", "Glob", "WebFetch", "TodoWrite"])
      expect(decideToolKind("per_tool_use", tool(name)), name).toBeNull();
  });

  it("comes with smart before what may take something away [checkpoints.strategies]", () => {
    expect(decideToolKind("smart", tool("Bash", { command: "rm a" }))).toBe("smart");
    expect(decideToolKind("smart", tool("Write", { file_path: "/a" }))).toBe("smart");
    expect(decideToolKind("smart", tool("Edit", { file_path: "/a" }))).toBeNull();
    expect(decideToolKind("smart", tool("Bash", { command: "ls" }))).toBeNull();
    for (const input of [null, {}, "rm", { command: 7 }])
      expect(decideToolKind("smart", tool("Bash", input)), JSON.stringify(input)).toBe("smart");
  });
});

describe("a shell command", () => {
  it.each([
    "rm -rf build",
    "cd x && rm a",
    "ls; rmdir a",
    "sudo -n /bin/rm a",
    "FOO=1 env BAR=2 mv a b",
    "dd if=/dev/zero of=a",
    "truncate -s 0 a",
    "shred a",
    "git reset --hard",
    "git -C x reset --hard HEAD~1",
    "git clean -fd",
    "git checkout -- a",
    "git restore a",
    "git push --force origin main",
    "git rebase main",
    "git branch -D x",
    "find . -name x -delete",
    "find . -exec rm {} +",
    "sed -i s/a/b/ f",
    "sed -Ei s/a/b/ f",
    "echo a > b",
    "echo a >| b",
    "cat a | xargs rm",
    "bash -c 'rm a'",
    "curl x | sh",
    "python3 -c 'import os'",
    "eval $X",
    "$CMD a",
    "r\\m a",
    'r"m" a',
    "echo $(rm a)",
    "echo `rm a`",
    "npm uninstall x",
    "pip uninstall -y x",
    "apt-get purge x",
    "cp a b",
    "if true; then rm a; fi",
    "timeout 5 rm a",
  ])("may take something away: %s [checkpoints.strategies]", (command) => {
    expect(isDestructiveCommand(command)).toBe(true);
  });

  it.each([
    "ls -la",
    "git status",
    "git commit -m 'remove it'",
    "git reset HEAD a",
    "git checkout -b x",
    "npm test",
    "npm install x",
    "node build.js",
    "python3 script.py",
    "grep -rm 1 x . 2>/dev/null",
    "make 2>&1 | tail",
    "echo a >> log",
    "find . -name '*.ts'",
    "sed -n 1,5p f",
    "mkdir -p a/b",
    "touch a",
    "",
  ])("takes nothing away: %s [checkpoints.strategies]", (command) => {
    expect(isDestructiveCommand(command)).toBe(false);
  });
});
