// Runs one hook of either type to its end, and says what came of it: for Claude Code, and for the session's log.
import { hookEnvironment } from "../../shared/hooks/hook-environment.ts";
import type { HookEventName } from "../../shared/hooks/hook-events.ts";
import { type HookReading, readHookEnd } from "../../shared/hooks/hook-output.ts";
import { type HookResult, MAX_SHOWN_OUTPUT_CHARS, shownHook } from "../../shared/hooks/hook-result.ts";
import { DEFAULT_HOOK_TIMEOUT_SECONDS, type Hook } from "../../shared/hooks/hook-schema.ts";
import type { HookInput } from "../../shared/hooks/match-hook.ts";
import type { CliUser } from "../config.ts";
import { redact } from "../processes/stderr-tail.ts";
import { runCommandHook, type TimedEnd } from "./run-command-hook.ts";
import { runHttpHook, type SendHook } from "./run-http-hook.ts";

export type HookPlace = {
  projectDir: string;
  environment: Record<string, string>;
  user: CliUser;
  send: SendHook;
  /** What may not stand in a log. */
  secrets: () => readonly string[];
};

export type HookCall = { event: HookEventName; hook: Hook; input: HookInput; signal: AbortSignal };
export type RanHook = { reading: HookReading; result: HookResult };

export async function runHook(place: HookPlace, call: HookCall): Promise<RanHook> {
  const startedMs = performance.now();
  const end = await runToEnd(place, call);
  const reading = readHookEnd(call.event, call.hook, end);
  return { reading, result: toResult(place, call, { end, reading, durationMs: performance.now() - startedMs }) };
}

function runToEnd(place: HookPlace, { hook, input, signal }: HookCall): Promise<TimedEnd> {
  const timeoutMs = (hook.timeout ?? DEFAULT_HOOK_TIMEOUT_SECONDS) * 1000;
  if (hook.type === "http") return runHttpHook(place.send, { hook, input, timeoutMs, signal });
  const { projectDir, user } = place;
  const environment = { ...place.environment, ...hookEnvironment(input, projectDir) };
  return runCommandHook({ hook, input: JSON.stringify(input), cwd: projectDir, environment, user, timeoutMs, signal });
}

type Ended = { end: TimedEnd; reading: HookReading; durationMs: number };

function toResult(place: HookPlace, { event, hook, input }: HookCall, { end, reading, durationMs }: Ended): HookResult {
  const show = (text: string) => redact(text, place.secrets()).slice(0, MAX_SHOWN_OUTPUT_CHARS);
  return {
    event,
    type: hook.type,
    hook: redact(shownHook(hook), place.secrets()).slice(0, 300),
    status_message: hook.statusMessage ?? null,
    tool_name: shortText(input["tool_name"]),
    tool_use_id: shortText(input["tool_use_id"]),
    outcome: reading.outcome,
    blocked: reading.outcome === "blocked",
    reason: reading.reason === null ? null : show(reading.reason),
    exit_code: end.exit_code,
    http_status: end.http_status,
    timed_out: end.timed_out,
    duration_ms: Math.round(durationMs),
    stdout: show(end.stdout),
    stderr: show(end.stderr),
    ignored: reading.ignored.slice(0, 10).map((text) => text.slice(0, 200)),
  };
}

function shortText(value: unknown): string | null {
  return typeof value === "string" ? value.slice(0, 256) : null;
}
