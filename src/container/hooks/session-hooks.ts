// The hooks of a session as callbacks of the Agent SDK: each event's are chosen, run side by side under the CLI's user and
// told to Claude Code. Callbacks, since Claude Code runs no settings' hooks here: whoever writes a file writes those.
import type { HookCallback, HookCallbackMatcher, HookInput as SdkHookInput } from "@anthropic-ai/claude-agent-sdk";
import { type BeforeTool, mergeBeforeTool } from "../../shared/hooks/before-tool.ts";
import { HOOK_EVENT_NAMES, type HookEventName } from "../../shared/hooks/hook-events.ts";
import type { HookReading } from "../../shared/hooks/hook-output.ts";
import type { HookResult } from "../../shared/hooks/hook-result.ts";
import {
  type Hook,
  type HookGroup,
  type HooksConfig,
  MAX_HOOK_TIMEOUT_SECONDS,
} from "../../shared/hooks/hook-schema.ts";
import { type HookInput, selectHooks } from "../../shared/hooks/match-hook.ts";
import { logFailure } from "../log.ts";
import { mergeOutputs } from "./merge-outputs.ts";
import { type HookPlace, runHook } from "./run-hook.ts";

/** Ours ends first, so that a hook that takes too long is told as one. */
const SDK_TIMEOUT_SECONDS = MAX_HOOK_TIMEOUT_SECONDS + 20;

export type SessionHookParts = {
  hooks: HooksConfig;
  place: HookPlace;
  /** Tells the session's log. */
  record: (result: HookResult) => void;
  /** Our own gate: asked about every tool call, last, with the input that the tool will have. */
  gate: HookCallback;
  /** How long the gate may take. */
  gateTimeoutSeconds: number;
};

export type SdkHooks = Partial<Record<HookEventName, HookCallbackMatcher[]>>;

export function createSessionHooks(parts: SessionHookParts): SdkHooks {
  const run = createRunner(parts);
  const callbacks: SdkHooks = {};
  for (const event of HOOK_EVENT_NAMES) {
    const groups = parts.hooks[event] ?? [];
    if (groups.length === 0 || event === "PreToolUse") continue;
    const callback: HookCallback = async (input, _toolUseId, { signal }) =>
      mergeOutputs(event, await run(event, input, signal));
    callbacks[event] = [{ hooks: [callback], timeout: SDK_TIMEOUT_SECONDS, ...watchedFiles(event, groups) }];
  }
  const hasHooks = (parts.hooks.PreToolUse ?? []).length > 0;
  const before = hasHooks ? createBeforeTool(parts.gate, run) : parts.gate;
  // An answer of ours that Claude Code cannot read blocks the tool, as one that never comes does.
  const timeout = parts.gateTimeoutSeconds + (hasHooks ? SDK_TIMEOUT_SECONDS : 0);
  callbacks.PreToolUse = [{ hooks: [before], timeout, onFailure: "block" }];
  return callbacks;
}

type RunAll = (event: HookEventName, input: SdkHookInput, signal: AbortSignal) => Promise<HookReading[]>;

/** Runs the event's hooks side by side. Never rejects: what fails here is logged, and stops nothing. */
function createRunner({ hooks, place, record }: SessionHookParts): RunAll {
  const ranOnce = new Set<Hook>();
  const runOne = async (
    event: HookEventName,
    hook: Hook,
    { input, signal }: { input: HookInput; signal: AbortSignal },
  ) => {
    const { reading, result } = await runHook(place, { event, hook, input, signal });
    record(result);
    return reading;
  };
  return async (event, sdkInput, signal) => {
    try {
      const input: HookInput = { ...sdkInput };
      const facts = { cwd: sdkInput.cwd, projectDir: place.projectDir, homeDir: place.environment["HOME"] ?? "/" };
      const chosen = selectHooks(event, hooks[event] ?? [], input, facts).filter((hook) => !ranOnce.has(hook));
      for (const hook of chosen) if (hook.once === true) ranOnce.add(hook);
      const isAwaited = (hook: Hook) => !(hook.type === "command" && hook.async === true);
      for (const hook of chosen.filter((one) => !isAwaited(one))) {
        void runOne(event, hook, { input, signal: new AbortController().signal }).catch(logHookFailure);
      }
      return await Promise.all(chosen.filter(isAwaited).map((hook) => runOne(event, hook, { input, signal })));
    } catch (error) {
      logHookFailure(error);
      return [];
    }
  };
}

function logHookFailure(error: unknown): void {
  logFailure("hook_failed", error);
}

/** The hooks first: one may change the input, and the gate decides on what the tool will have. */
function createBeforeTool(gate: HookCallback, run: RunAll): HookCallback {
  return async (input, toolUseId, options) => {
    if (input.hook_event_name !== "PreToolUse") return {};
    const before = mergeBeforeTool(await run("PreToolUse", input, options.signal));
    if (before.deny !== null) return { ...before.general, ...decision("deny", before.deny, before) };
    const toolInput = before.updatedInput ?? input.tool_input;
    const decided = await gate({ ...input, tool_input: toolInput }, toolUseId, options);
    return { ...before.general, ...combine(decided, before) };
  };
}

type HookOutput = Awaited<ReturnType<HookCallback>>;

function combine(decided: HookOutput, before: BeforeTool): HookOutput {
  const specific = "hookSpecificOutput" in decided ? decided.hookSpecificOutput : undefined;
  const gate = specific?.hookEventName === "PreToolUse" ? specific : null;
  const says = gate?.permissionDecision;
  if (says === "deny") return decided;
  if (says === "ask" || before.ask !== null) {
    return decision("ask", gate?.permissionDecisionReason ?? before.ask ?? "", before);
  }
  return decision(says === "allow" ? "allow" : null, null, before);
}

function decision(behavior: "deny" | "ask" | "allow" | null, reason: string | null, before: BeforeTool): HookOutput {
  const { updatedInput, additionalContext } = before;
  return {
    hookSpecificOutput: {
      hookEventName: "PreToolUse",
      ...(behavior !== null && { permissionDecision: behavior }),
      ...(reason !== null && { permissionDecisionReason: reason }),
      ...(updatedInput !== null && behavior !== "deny" && { updatedInput }),
      ...(additionalContext !== null && { additionalContext }),
    },
  };
}

/** Claude Code watches the files that the matchers of this event name. */
function watchedFiles(event: HookEventName, groups: readonly HookGroup[]): { matcher?: string } {
  if (event !== "FileChanged") return {};
  return { matcher: groups.map(({ matcher = "" }) => matcher).join("|") };
}
