// SessionStart and SessionEnd: Claude Code begins and ends before and after it listens to us, so the runner fires them.
import type { BaseHookInput, HookCallback } from "@anthropic-ai/claude-agent-sdk";
import type { HookEventName } from "../../shared/hooks/hook-events.ts";
import { blockingOutput, type HookReading } from "../../shared/hooks/hook-output.ts";
import { mergeOutputs } from "./merge-outputs.ts";
import type { RunEvent } from "./event-runner.ts";

/** How this process of Claude Code began. */
export type SessionSource = "startup" | "resume";

export type ProcessHooks = {
  /** For UserPromptSubmit: the first prompt of the process is where the session starts. */
  onPrompt: HookCallback;
  /** The process has gone. */
  onExit(): void;
};

export function createProcessHooks(run: RunEvent, source: SessionSource): ProcessHooks {
  let base: BaseHookInput | null = null;

  async function start(input: BaseHookInput, signal: AbortSignal): Promise<HookReading[]> {
    if (base !== null) return [];
    base = pickBase(input);
    return (await run("SessionStart", toInput(base, "SessionStart", { source }), signal)).map(toPromptReading);
  }

  return {
    async onPrompt(input, _toolUseId, { signal }) {
      const started = await start(input, signal);
      return mergeOutputs("UserPromptSubmit", [...started, ...(await run("UserPromptSubmit", input, signal))]);
    },
    onExit() {
      if (base === null) return;
      const signal = new AbortController().signal;
      void run("SessionEnd", toInput(base, "SessionEnd", { reason: "other" }), signal);
    },
  };
}

function toInput(base: BaseHookInput, event: HookEventName, fields: Record<string, string>): BaseHookInput {
  return { ...base, hook_event_name: event, ...fields } as BaseHookInput;
}

function pickBase({ session_id, transcript_path, cwd, permission_mode }: BaseHookInput): BaseHookInput {
  return { session_id, transcript_path, cwd, ...(permission_mode !== undefined && { permission_mode }) };
}

/** What it tells Claude goes along with the prompt; one that says stop stops there. */
function toPromptReading(reading: HookReading): HookReading {
  const specific = reading.output["hookSpecificOutput"];
  const context =
    typeof specific === "object" && specific !== null
      ? (specific as Record<string, unknown>)["additionalContext"]
      : undefined;
  const { hookSpecificOutput: _specific, ...general } = reading.output;
  if (reading.outcome === "blocked" && reading.output["continue"] !== false) {
    return { ...reading, output: blockingOutput("UserPromptSubmit", reading.reason ?? "A hook blocked this.") };
  }
  if (typeof context !== "string") return { ...reading, output: general };
  const hookSpecificOutput = { hookEventName: "UserPromptSubmit", additionalContext: context };
  return { ...reading, output: { ...general, hookSpecificOutput } };
}
