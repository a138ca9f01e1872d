// Our matchers against the real Claude Code's own: the same names have to be taken, or a guard would be missing.
import { query } from "@anthropic-ai/claude-agent-sdk";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callTool, embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";
import { startScriptedModel } from "../../../test/support/scripted-model/server.ts";
import { matchesValue } from "../../shared/hooks/match-hook.ts";

const MATCHERS = {
  PreToolUse: [
    "Bash",
    "bash",
    "Bas",
    "Ba.h",
    "Bash|Edit",
    "Edit, Bash",
    "Edit,Bash",
    "Bash ",
    "^Ba",
    "BashX|Bash",
    "Bash(ls)",
    "!Edit",
    "[B]ash",
    "Task",
    "Agent",
    "Task|Bash",
  ],
  SubagentStart: [
    "general-purp",
    "general-purpose",
    "general.purpose",
    "General-Purpose",
    "general-purpose|x",
    "x, general-purpose",
    "^general",
    "eneral-purpos",
    "*",
    ".*",
    "Explore|Plan",
    "general purpose",
    "general-purpose |x",
  ],
};
type EventName = keyof typeof MATCHERS;

/** Hooks of the CLI's own settings, one for each matcher, that print their number. */
function settingsHooks(event: EventName) {
  return MATCHERS[event].map((matcher, index) => ({
    matcher,
    hooks: [{ type: "command" as const, command: `echo ${event}=${index}.` }],
  }));
}

it("takes what Claude Code takes [hooks.matching]", async () => {
  const model = await startScriptedModel();
  const folder = mkdtempSync(join(tmpdir(), "berth-matchers-"));
  for (const name of ["workspace", "config"]) mkdirSync(join(folder, name));
  const sub = `sub\n${embedScenario({ steps: [[say("ok")]] })}`;
  const agent = callTool("Agent", { subagent_type: "general-purpose", description: "d", prompt: sub });
  const running = query({
    prompt: `go\n${embedScenario({ steps: [[callTool("Bash", { command: "true" })], [agent], [say("done")]] })}`,
    options: {
      cwd: join(folder, "workspace"),
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: folder,
        CLAUDE_CONFIG_DIR: join(folder, "config"),
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: "any",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        IS_SANDBOX: "1",
      },
      settingSources: [],
      settings: { hooks: { PreToolUse: settingsHooks("PreToolUse"), SubagentStart: settingsHooks("SubagentStart") } },
      includeHookEvents: true,
      permissionMode: "bypassPermissions",
      allowDangerouslySkipPermissions: true,
    },
  });
  const fired = new Set<string>();
  for await (const message of running) {
    if (message.type !== "system" || message.subtype !== "hook_response") continue;
    fired.add(`${message.hook_name} ${message.stdout.trim()}`);
  }
  await model.close();
  const cases: [EventName, string][] = [
    ["PreToolUse", "Bash"],
    ["PreToolUse", "Agent"],
    ["SubagentStart", "general-purpose"],
  ];
  for (const [event, value] of cases) {
    const theirs = MATCHERS[event].filter((_, index) => fired.has(`${event}:${value} ${event}=${index}.`));
    expect(theirs.length, value).toBeGreaterThan(1);
    expect(
      MATCHERS[event].filter((matcher) => matchesValue(matcher, value)),
      value,
    ).toEqual(theirs);
  }
});
