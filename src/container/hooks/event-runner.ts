// Runs the hooks of one event side by side. What fails in our own code is logged, and stops nothing.
import type { BaseHookInput } from "@anthropic-ai/claude-agent-sdk";
import type { HookEventName } from "../../shared/hooks/hook-events.ts";
import type { HookReading } from "../../shared/hooks/hook-output.ts";
import type { HookResult } from "../../shared/hooks/hook-result.ts";
import type { Hook, HooksConfig } from "../../shared/hooks/hook-schema.ts";
import { type HookInput, selectHooks } from "../../shared/hooks/match-hook.ts";
import { logFailure } from "../log.ts";
import { type HookPlace, runHook } from "./run-hook.ts";

export type EventRunnerParts = {
  hooks: HooksConfig;
  place: HookPlace;
  /** Tells the session's log. */
  record: (result: HookResult) => void;
};

/** Never rejects. */
export type RunEvent = (event: HookEventName, input: BaseHookInput, signal: AbortSignal) => Promise<HookReading[]>;

export function createEventRunner({ hooks, place, record }: EventRunnerParts): RunEvent {
  const ranOnce = new Set<Hook>();

  async function runOne(event: HookEventName, hook: Hook, on: { input: HookInput; signal: AbortSignal }) {
    const { reading, result } = await runHook(place, { event, hook, ...on });
    record(result);
    return reading;
  }

  function choose(event: HookEventName, input: HookInput, cwd: string): Hook[] {
    const facts = { cwd, projectDir: place.projectDir, homeDir: place.environment["HOME"] ?? "/" };
    const chosen = selectHooks(event, hooks[event] ?? [], input, facts).filter((hook) => !ranOnce.has(hook));
    for (const hook of chosen) if (hook.once === true) ranOnce.add(hook);
    return chosen;
  }

  return async (event, sdkInput, signal) => {
    try {
      const input: HookInput = { ...sdkInput };
      const chosen = choose(event, input, sdkInput.cwd);
      for (const hook of chosen.filter(isAsync)) {
        void runOne(event, hook, { input, signal: new AbortController().signal }).catch(logHookFailure);
      }
      const awaited = chosen.filter((hook) => !isAsync(hook));
      return await Promise.all(awaited.map((hook) => runOne(event, hook, { input, signal })));
    } catch (error) {
      logHookFailure(error);
      return [];
    }
  };
}

function isAsync(hook: Hook): boolean {
  return hook.type === "command" && hook.async === true;
}

function logHookFailure(error: unknown): void {
  logFailure("hook_failed", error);
}
