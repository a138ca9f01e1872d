import { describe, expect, it } from "vitest";
import { filePaths, hookEnvironment } from "./hook-environment.ts";
import type { Hook, HookGroup } from "./hook-schema.ts";
import { matchesValue, selectHooks } from "./match-hook.ts";

const facts = { cwd: "/project", projectDir: "/project", homeDir: "/home/user" };
const hook = (command: string, more: Partial<Hook> = {}): Hook => ({ type: "command", command, ...more }) as Hook;
const bash = (command: string) => ({ tool_name: "Bash", tool_input: { command } });

function commandsFor(groups: HookGroup[], input: Record<string, unknown>, event = "PreToolUse" as const) {
  return selectHooks(event, groups, input, facts).map((one) => (one.type === "command" ? one.command : one.url));
}

describe("a matcher", () => {
  it.each<[string | undefined, string, boolean]>([
    [undefined, "Bash", true],
    ["", "Bash", true],
    ["*", "Bash", true],
    ["Bash", "Bash", true],
    ["Bash", "BashOutput", false],
    ["Edit|Write", "Write", true],
    ["Edit, Write", "Write", true],
    ["Edit|Write", "MultiEdit", false],
    ["Task", "Agent", true],
    ["Notebook.*", "NotebookEdit", true],
    ["^Edit$", "NotebookEdit", false],
    ["mcp__github", "mcp__github__create_issue", true],
    ["mcp__git", "mcp__github__create_issue", false],
    ["mcp__.*__write.*", "mcp__files__write_file", true],
  ])("%s takes %s: %s", (matcher, value, takes) => {
    expect(matchesValue(matcher, value)).toBe(takes);
  });
});

describe("the hooks of an event", () => {
  it("are those whose matcher takes it and whose rule may be about it, each once [hooks.matching]", () => {
    const groups: HookGroup[] = [
      { hooks: [hook("every"), hook("git", { if: "Bash(git *)" }), hook("npm", { if: "Bash(npm *)" })] },
      { matcher: "Edit", hooks: [hook("edit")] },
      { matcher: "Bash", hooks: [hook("every"), hook("http-like")] },
    ];
    expect(commandsFor(groups, bash("git push"))).toEqual(["git", "every", "http-like"]);
  });

  it("run when it cannot be told whether their rule is about the call", () => {
    const groups = [{ hooks: [hook("guard", { if: "Bash(git push *)" })] }];
    expect(commandsFor(groups, bash('$(echo "git push") now'))).toEqual(["guard"]);
    expect(commandsFor(groups, bash("ls"))).toEqual([]);
    expect(commandsFor([{ hooks: [hook("env", { if: "Edit(.env)" })] }], bash("echo x > .env"))).toEqual(["env"]);
  });
});

describe("a hook's environment", () => {
  it("has every variable, with the files of the tool and the words of the event [hooks.environment]", () => {
    const input = {
      hook_event_name: "PostToolUse",
      session_id: "s-1",
      tool_name: "Edit",
      tool_input: { file_path: "/project/a b.ts" },
    };
    expect(hookEnvironment(input, "/project")).toEqual({
      CLAUDE_HOOK_TYPE: "PostToolUse",
      CLAUDE_PROJECT_PATH: "/project",
      CLAUDE_PROJECT_DIR: "/project",
      CLAUDE_SESSION_ID: "s-1",
      CLAUDE_TOOL_NAME: "Edit",
      CLAUDE_FILE_PATHS: "/project/a b.ts",
      CLAUDE_MESSAGE: "",
    });
    expect(hookEnvironment({ hook_event_name: "Notification", message: "look" }, "/p")["CLAUDE_MESSAGE"]).toBe("look");
    expect(hookEnvironment({ prompt: "a\0b" }, "/p")["CLAUDE_MESSAGE"]).toBe("ab");
  });

  it("leaves out a path that would read as two", () => {
    expect(filePaths({ tool_input: { file_path: "a\nb" } })).toEqual([]);
  });
});
