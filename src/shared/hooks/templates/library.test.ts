import * as fc from "fast-check";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCommand } from "../../permissions/bash/parse-command.ts";
import { judgeHooks } from "../hook-danger.ts";
import { hookEnvironment } from "../hook-environment.ts";
import { findTemplate, HOOK_TEMPLATES } from "./library.ts";
import { fillTemplate, type TemplateValues } from "./template.ts";

const NEEDED: Record<string, TemplateValues> = {
  refuse_commands: { rules: "Bash(git push *), Bash(npm publish)" },
  notify_webhook: { url: "https://hooks.example.com/x" },
  notify_waiting: { url: "https://hooks.example.com/x" },
  context_at_start: { text: "it's a 'test' of $HOME" },
};

function fill(id: string, values: TemplateValues = NEEDED[id] ?? {}) {
  const template = findTemplate(id);
  if (template === null) throw new Error(id);
  const reading = fillTemplate(template, values);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.hooks[template.event] ?? [];
}

/** Runs the template's first command as the runner does, in a folder of its own. */
function run(id: string, values: TemplateValues | undefined, input: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), "berth-template-"));
  const hook = fill(id, values)[0]?.hooks[0];
  if (hook?.type !== "command") throw new Error(id);
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    ...hookEnvironment(input, folder),
  } as unknown as NodeJS.ProcessEnv;
  const ran = (prepare?: (folder: string) => void) => {
    prepare?.(folder);
    return spawnSync("/bin/sh", ["-c", hook.command], {
      cwd: folder,
      env,
      input: JSON.stringify(input),
      encoding: "utf8",
    });
  };
  return { folder, ran };
}

describe("a template", () => {
  it.each(HOOK_TEMPLATES.map(({ id }) => [id]))(
    "%s makes hooks that are understood and not refused [hooks.templates]",
    (id) => {
      const groups = fill(id);
      expect(groups).not.toEqual([]);
      expect(judgeHooks(groups)).toEqual({ refused: [], unclear: null });
    },
  );

  it("is told what is missing, unknown or wrong", () => {
    const reason = (id: string, values: TemplateValues) => fillTemplate(findTemplate(id)!, values);
    expect(reason("notify_webhook", {})).toMatchObject({
      ok: false,
      reason: expect.stringContaining("needs the parameter url"),
    });
    expect(reason("tests_on_stop", { cmd: "x" })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('no parameter "cmd"'),
    });
    expect(reason("notify_webhook", { url: "http://example.com" })).toMatchObject({
      ok: false,
      reason: expect.stringContaining("https"),
    });
    expect(reason("refuse_commands", { rules: "Bash(" })).toMatchObject({ ok: false });
    expect(reason("format_on_edit", { extensions: "ts)rm" })).toMatchObject({ ok: false });
  });

  it("takes every text for a text, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/[\p{C}\r\n]/u.test(text) && text.trim() !== ""),
        (text) => {
          const hook = fill("context_at_start", { text })[0]?.hooks[0];
          const parsed = parseCommand(hook?.type === "command" ? hook.command : "");
          expect(parsed.commands.map(({ words }) => words.map(({ shape }) => shape))).toEqual([
            ["printf", "%s\\n", text.trim().replace(/^~/, "./~")],
          ]);
        },
      ),
    );
  });
});

describe("in a shell", () => {
  const edit = (file: string) => ({
    hook_event_name: "PreToolUse",
    tool_name: "Edit",
    tool_input: { file_path: file },
  });

  it.each([
    ["/p/.env", 2],
    ["/p/a/.env.local", 2],
    ["/p/.git/config", 2],
    ["/p/src/env.ts", 0],
    ["/p/with space/.env", 2],
  ])("block_protected_paths answers %s with %i", (file, code) => {
    const { status, stderr } = run("block_protected_paths", undefined, edit(file)).ran();
    expect(status).toBe(code);
    expect(stderr.includes("is protected")).toBe(code === 2);
  });

  it("tests_on_stop blocks once with what the tests said", () => {
    const values = { command: "echo 'one test failed'; false" };
    const first = run("tests_on_stop", values, { hook_event_name: "Stop", stop_hook_active: false }).ran();
    expect([first.status, first.stderr.trim()]).toEqual([2, "one test failed"]);
    expect(run("tests_on_stop", values, { hook_event_name: "Stop", stop_hook_active: true }).ran().status).toBe(0);
    expect(run("tests_on_stop", { command: "true" }, { hook_event_name: "Stop" }).ran().status).toBe(0);
  });

  it("format_on_edit and lint_on_edit see the files of their kind alone", () => {
    const format = run("format_on_edit", { command: "cp -t seen" }, edit("a file.ts"));
    format.ran((folder) => {
      writeFileSync(join(folder, "a file.ts"), "x");
      spawnSync("mkdir", [join(folder, "seen")]);
    });
    expect(existsSync(join(format.folder, "seen", "a file.ts"))).toBe(true);
    const lint = run("lint_on_edit", { command: "grep -L good" }, edit("a.py"));
    expect(lint.ran().status).toBe(0);
    expect(run("lint_on_edit", { command: "false" }, edit("a.ts")).ran().status).toBe(2);
  });

  it("log_commands writes one line for each", () => {
    const input = { hook_event_name: "PreToolUse", tool_input: { command: "ls" } };
    const { folder, ran } = run("log_commands", undefined, input);
    ran();
    ran();
    const lines = readFileSync(join(folder, "command-log.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([input, input]);
  });

  it("require_clean_git and commit_on_stop look at git", () => {
    const git = (folder: string) => {
      for (const args of [
        ["init", "-q"],
        ["config", "user.email", "a@b.example"],
        ["config", "user.name", "a"],
      ])
        spawnSync("git", args, { cwd: folder });
      writeFileSync(join(folder, "new.txt"), "x");
    };
    const input = { hook_event_name: "Stop" };
    expect(run("require_clean_git", undefined, input).ran(git)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("not committed"),
    });
    const commit = run("commit_on_stop", undefined, input);
    expect(commit.ran(git).status).toBe(0);
    expect(spawnSync("git", ["log", "--format=%s"], { cwd: commit.folder, encoding: "utf8" }).stdout).toBe(
      "chore: work of Claude\n",
    );
  });
});
