// An event to try a hook with, as Claude Code would give it: the fields that hooks look at, filled with something likely.
import { z } from "zod";
import { HOOK_EVENT_NAMES, type HookEventName, isToolEvent } from "./hook-events.ts";
import { hookGroupSchema, MAX_HOOK_TIMEOUT_SECONDS } from "./hook-schema.ts";
import type { HookInput } from "./match-hook.ts";

const MAX_SAMPLE_CHARS = 64 * 1024;
/** The call that waits for it may not be long. */
export const MAX_TRIAL_SECONDS = Math.min(15, MAX_HOOK_TIMEOUT_SECONDS);

export const sampleFieldsSchema = z
  .record(z.string(), z.json())
  .refine(
    (fields) => JSON.stringify(fields).length <= MAX_SAMPLE_CHARS,
    `has more than ${MAX_SAMPLE_CHARS} characters`,
  );

const SAMPLES: Partial<Record<HookEventName, Record<string, unknown>>> = {
  PostToolUse: { tool_response: { stdout: "", stderr: "", interrupted: false } },
  PostToolUseFailure: { error: "The command failed.", is_interrupt: false },
  Notification: { message: "Claude is waiting for your input", notification_type: "idle_prompt" },
  UserPromptSubmit: { prompt: "A prompt to try a hook with." },
  UserPromptExpansion: { expansion_type: "slash_command", command_name: "review", command_args: "", prompt: "/review" },
  SessionStart: { source: "startup" },
  SessionEnd: { reason: "other" },
  Stop: { stop_hook_active: false, last_assistant_message: "Done." },
  SubagentStart: { agent_id: "sample", agent_type: "general-purpose" },
  SubagentStop: { agent_id: "sample", agent_type: "general-purpose", stop_hook_active: false },
  PreCompact: { trigger: "auto", custom_instructions: null },
  PostCompact: { trigger: "auto", compact_summary: "A summary." },
  FileChanged: { file_path: "/project/.env", event: "change" },
};

/** `fields` win. What the sandbox knows better (its folders, a session's id) is filled in there. */
export function sampleEvent(event: HookEventName, fields: HookInput): HookInput {
  const tool = isToolEvent(event)
    ? { tool_name: "Bash", tool_input: { command: "echo sample" }, tool_use_id: "toolu_sample" }
    : {};
  return { permission_mode: "default", ...tool, ...SAMPLES[event], ...fields, hook_event_name: event };
}

/** One hook, with its matcher, and the event to try it with. */
export const hookTrialSchema = z.object({
  event: z.enum(HOOK_EVENT_NAMES),
  group: hookGroupSchema.refine(({ hooks }) => hooks.length === 1 && hooks[0]?.type === "command", "takes one command"),
  input: sampleFieldsSchema,
});
export type HookTrial = z.infer<typeof hookTrialSchema>;
