import { describe, expect, it } from "vitest";
import { mergeBeforeTool } from "./before-tool.ts";
import { HOOK_EVENT_NAMES, type HookEventName, traitsOf } from "./hook-events.ts";
import { blockingOutput, type HookEnd, readHookEnd } from "./hook-output.ts";
import type { Hook } from "./hook-schema.ts";

const HOOK: Hook = { type: "command", command: "x" };
const end = (more: Partial<HookEnd>): HookEnd => ({
  exit_code: 0,
  http_status: null,
  stdout: "",
  stderr: "",
  failure: null,
  ...more,
});
const read = (event: HookEventName, more: Partial<HookEnd>, hook: Hook = HOOK) => readHookEnd(event, hook, end(more));
const json = (event: HookEventName, specific: object, rest: object = {}) =>
  read(event, { stdout: JSON.stringify({ ...rest, hookSpecificOutput: { hookEventName: event, ...specific } }) });

describe("a hook that ends", () => {
  it.each<[HookEventName, object]>([
    [
      "PreToolUse",
      {
        hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: "no" },
      },
    ],
    [
      "PermissionRequest",
      { hookSpecificOutput: { hookEventName: "PermissionRequest", decision: { behavior: "deny", message: "no" } } },
    ],
    ["Stop", { decision: "block", reason: "no" }],
    ["UserPromptSubmit", { decision: "block", reason: "no" }],
    ["PostToolUse", { decision: "block", reason: "no" }],
    ["Elicitation", { hookSpecificOutput: { hookEventName: "Elicitation", action: "decline" } }],
    ["Notification", {}],
  ])("with code 2 blocks %s as far as it can be blocked [hooks.blocking]", (event, output) => {
    expect(read(event, { exit_code: 2, stderr: "no\n" })).toMatchObject({ output, reason: "no" });
  });

  it("blocks with words for every event that can be blocked", () => {
    for (const event of HOOK_EVENT_NAMES) {
      const isEmpty = Object.keys(blockingOutput(event, "no")).length === 0;
      expect(isEmpty, event).toBe(traitsOf(event).onBlock === "nothing");
    }
  });

  it("with another code, too late or not at all fails, and stops nothing unless it is told to", () => {
    for (const failed of [
      { exit_code: 1 },
      { exit_code: null, failure: "it took longer than 1 second" },
      { http_status: 500, exit_code: null },
    ]) {
      expect(read("PreToolUse", failed)).toMatchObject({ outcome: "failed", output: {} });
      expect(read("PreToolUse", failed, { ...HOOK, onFailure: "block" })).toMatchObject({ outcome: "blocked" });
    }
    expect(read("Stop", { exit_code: 1 }, { ...HOOK, onFailure: "block" })).toMatchObject({ outcome: "failed" });
    expect(read("PreToolUse", { stdout: '{"decision": 5}' })).toMatchObject({ outcome: "failed" });
    expect(read("PreToolUse", { stdout: '{"hookSpecificOutput":{"hookEventName":"Stop"}}' })).toMatchObject({
      outcome: "failed",
    });
  });

  it("tells Claude what it printed where Claude Code takes text for context", () => {
    expect(read("SessionStart", { stdout: "be kind\n" }).output).toEqual({
      hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: "be kind" },
    });
    expect(read("PostToolUse", { stdout: "formatted" }).output).toEqual({});
    expect(read("WorktreeCreate", { stdout: "/tmp/tree\n" }).output).toMatchObject({
      hookSpecificOutput: { worktreePath: "/tmp/tree" },
    });
    expect(read("PreToolUse", { stdout: "{not json" })).toMatchObject({ outcome: "passed", output: {} });
  });

  it.each<[string, ReturnType<typeof read>]>([
    ["PreToolUse", json("PreToolUse", { permissionDecision: "allow", permissionDecisionReason: "sure" })],
    [
      "PermissionRequest",
      json("PermissionRequest", { decision: { behavior: "allow", updatedInput: {}, updatedPermissions: [{}] } }),
    ],
    ["Elicitation", json("Elicitation", { action: "accept", content: { a: 1 } })],
    ["PreModelSwitch", json("PreModelSwitch", { permissionDecision: "allow" })],
    ["PostToolUse", json("PostToolUse", { classifierContext: "the user agreed" })],
    ["PreToolUse", read("PreToolUse", { stdout: '{"decision":"approve"}' })],
  ])("never permits anything by %s, and says what did not count [hooks.no_consent]", (_event, reading) => {
    expect(JSON.stringify(reading.output)).not.toMatch(/allow|approve|accept|agreed|updatedPermissions/);
    expect(reading.ignored).not.toEqual([]);
  });

  it("may ask for a person, change a result and stop Claude", () => {
    expect(json("PreToolUse", { permissionDecision: "ask", permissionDecisionReason: "sure?" })).toMatchObject({
      outcome: "asked",
      reason: "sure?",
    });
    expect(json("PostToolUse", { updatedToolOutput: "short" }).output).toMatchObject({
      hookSpecificOutput: { updatedToolOutput: "short" },
    });
    expect(read("Stop", { stdout: '{"continue":false,"stopReason":"enough"}' })).toMatchObject({
      outcome: "blocked",
      output: { continue: false, stopReason: "enough" },
    });
  });
});

describe("several hooks before one tool call", () => {
  const denies = json("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "one" });
  const blocks = read("PreToolUse", { exit_code: 2, stderr: "two" });
  const asks = json("PreToolUse", { permissionDecision: "ask" });
  const changes = json("PreToolUse", {
    permissionDecision: "allow",
    updatedInput: { command: "ls" },
    additionalContext: "c",
  });

  it("refuse when one does, with every reason, and ask when one asks", () => {
    expect(mergeBeforeTool([asks, denies, blocks])).toMatchObject({ deny: "one\ntwo" });
    expect(mergeBeforeTool([changes, asks])).toMatchObject({ deny: null, ask: "A hook wants a person to agree." });
  });

  it("hand the changed input on to be decided about", () => {
    expect(mergeBeforeTool([changes])).toMatchObject({
      updatedInput: { command: "ls" },
      ask: null,
      additionalContext: "c",
    });
  });
});
