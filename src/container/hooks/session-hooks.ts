// The hooks of one CLI process as callbacks of the Agent SDK. Callbacks, since settings' hooks are switched off here: the
// agent can write the files that they stand in, and Claude Code takes such a hook's yes for a person's.
import type { HookCallback, HookCallbackMatcher } from "@anthropic-ai/claude-agent-sdk";
import { HOOK_EVENT_NAMES, type HookEventName } from "../../shared/hooks/hook-events.ts";
import { type HookGroup, MAX_HOOK_TIMEOUT_SECONDS } from "../../shared/hooks/hook-schema.ts";
import { createBeforeTool } from "./before-tool.ts";
import { createEventRunner, type EventRunnerParts, type RunEvent } from "./event-runner.ts";
import { mergeOutputs } from "./merge-outputs.ts";
import { createProcessHooks, type SessionSource } from "./process-hooks.ts";

/** Ours ends first, so that a hook that takes too long is told as one. */
const SDK_TIMEOUT_SECONDS = MAX_HOOK_TIMEOUT_SECONDS + 20;

export type SessionHookParts = EventRunnerParts & {
  source: SessionSource;
  /** Our own: asked about every tool call, last, with the input that the tool will have. No configuration removes it. */
  gate: HookCallback;
  /** Our own, after every tool call. */
  afterTool: HookCallback;
  /** How long the gate may take. */
  gateTimeoutSeconds: number;
};

export type SessionHooks = {
  callbacks: Partial<Record<HookEventName, HookCallbackMatcher[]>>;
  /** The process has gone. */
  onExit(): void;
};

export function createSessionHooks(parts: SessionHookParts): SessionHooks {
  const { hooks, gate, gateTimeoutSeconds } = parts;
  const run = createEventRunner(parts);
  const process = createProcessHooks(run, parts.source);
  const has = (event: HookEventName): boolean => (hooks[event] ?? []).length > 0;
  const callbacks: SessionHooks["callbacks"] = {};
  for (const event of HOOK_EVENT_NAMES.filter(has)) callbacks[event] = [toMatcher(event, hooks[event] ?? [], run)];
  if (has("SessionStart") || has("SessionEnd") || has("UserPromptSubmit")) {
    callbacks.UserPromptSubmit = [{ hooks: [process.onPrompt], timeout: 2 * SDK_TIMEOUT_SECONDS }];
  }
  const before = has("PreToolUse") ? createBeforeTool(gate, run) : gate;
  const timeout = gateTimeoutSeconds + (has("PreToolUse") ? SDK_TIMEOUT_SECONDS : 0);
  // A gate that fails holds the tool back, as one that never answers does.
  callbacks.PreToolUse = [{ hooks: [before], timeout, onFailure: "block" }];
  for (const event of ["PostToolUse", "PostToolUseFailure"] as const) {
    callbacks[event] = [...(callbacks[event] ?? []), { hooks: [parts.afterTool] }];
  }
  return { callbacks, onExit: process.onExit };
}

function toMatcher(event: HookEventName, groups: readonly HookGroup[], run: RunEvent): HookCallbackMatcher {
  const callback: HookCallback = async (input, _id, { signal }) => mergeOutputs(event, await run(event, input, signal));
  const matcher = { hooks: [callback], timeout: SDK_TIMEOUT_SECONDS };
  // Claude Code watches the files that this event's matchers name.
  return event === "FileChanged"
    ? { ...matcher, matcher: groups.map((group) => group.matcher ?? "").join("|") }
    : matcher;
}
