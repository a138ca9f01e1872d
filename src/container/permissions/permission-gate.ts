// The gate before every tool call. It never fails open: whatever goes wrong, the answer is a denial, and it never throws.
import type { CanUseTool, HookCallback, PermissionResult } from "@anthropic-ai/claude-agent-sdk";
import { setTimeout as sleep } from "node:timers/promises";
import { shortenToFit } from "../../shared/events/shorten.ts";
import { PERMISSION_DEADLINE_MS } from "../../shared/limits.ts";
import { type PermissionMode, permissionModeSchema } from "../../shared/permissions/permission-mode.ts";
import {
  type PermissionDecision,
  permissionDecisionSchema,
  type PermissionQuestion,
} from "../../shared/rpc/session-host-api.ts";
import { newId } from "../new-id.ts";
import type { HostConnection, HostLink } from "../rpc/host-link.ts";

/** The matcher's own timeout: a hook that takes longer refuses the tool. Longer than our deadline, so ours speaks first. */
export const HOOK_TIMEOUT_SECONDS = 600;
const MAX_INPUT_BYTES = 64 * 1024;
/** A cut link rejects its calls a moment before it shows as closed. */
const CUT_SHOWS_AFTER_MS = 50;

export type GateParts = {
  link: HostLink;
  runtimeId: string;
  /** The turn that the question is about; begun when none runs. */
  currentTurnId: () => string;
  permissionMode: () => PermissionMode;
  deadlineMs?: number;
  /** Told of every tool call before it is asked about; must not throw. */
  onToolCall?: () => void;
};

type Asked = Pick<PermissionQuestion, "stage" | "tool_name" | "tool_use_id" | "tool_input"> & { mode?: unknown };

export const DENIALS = {
  deadline: "Nobody decided in time whether this tool may run, so it may not.",
  unreadable: "The answer to whether this tool may run could not be read, so it may not.",
  failed: "It could not be found out whether this tool may run, so it may not.",
} as const;

export type PermissionGate = { preToolUse: HookCallback; canUseTool: CanUseTool };

export function createPermissionGate(parts: GateParts): PermissionGate {
  async function decide(asked: Asked, callerSignal: AbortSignal | undefined): Promise<PermissionDecision> {
    // A plain timer: signals made by AbortSignal.timeout and AbortSignal.any can be collected before they fire.
    const stop = new AbortController();
    const onStop = () => stop.abort();
    const timer = setTimeout(onStop, parts.deadlineMs ?? PERMISSION_DEADLINE_MS);
    callerSignal?.addEventListener("abort", onStop);
    try {
      if (callerSignal?.aborted === true) stop.abort();
      return await askUntilAnswered(parts.link, toQuestion(parts, asked), stop.signal);
    } catch {
      return deny(DENIALS.failed);
    } finally {
      clearTimeout(timer);
      callerSignal?.removeEventListener("abort", onStop);
    }
  }

  const preToolUse: HookCallback = async (input, toolUseId, { signal }) => {
    if (input.hook_event_name !== "PreToolUse") return {};
    parts.onToolCall?.();
    const { tool_name, tool_input, permission_mode: mode } = input;
    return toHookOutput(
      await decide({ stage: "gate", tool_name, tool_use_id: toolUseId ?? null, tool_input, mode }, signal),
    );
  };

  const canUseTool: CanUseTool = async (tool_name, tool_input, { signal, toolUseID }) =>
    toPermissionResult(
      await decide({ stage: "consent", tool_name, tool_use_id: toolUseID, tool_input }, signal),
      tool_input,
    );

  return { preToolUse, canUseTool };
}

function toQuestion(parts: GateParts, asked: Asked): PermissionQuestion {
  const mode = permissionModeSchema.safeParse(asked.mode);
  return {
    runtime_id: parts.runtimeId,
    request_id: newId(),
    turn_id: parts.currentTurnId(),
    stage: asked.stage,
    tool_name: asked.tool_name,
    tool_use_id: asked.tool_use_id,
    permission_mode: mode.success ? mode.data : parts.permissionMode(),
    tool_input: shortenToFit(asked.tool_input, MAX_INPUT_BYTES),
  };
}

/** Asks under one request_id, again after each cut, until there is an answer or the signal is aborted. */
async function askUntilAnswered(
  link: HostLink,
  question: PermissionQuestion,
  signal: AbortSignal,
): Promise<PermissionDecision> {
  for (;;) {
    const connection = await link.whenConnected(signal);
    if (connection === null) return deny(DENIALS.deadline);
    const asked = await askOnce(connection, question, signal);
    if (asked !== "cut") return asked;
  }
}

async function askOnce(
  connection: HostConnection,
  question: PermissionQuestion,
  signal: AbortSignal,
): Promise<PermissionDecision | "cut"> {
  const aborted = Promise.withResolvers<"aborted">();
  const onAbort = () => aborted.resolve("aborted");
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    const answer: unknown = await Promise.race([connection.host.decidePermission(question), aborted.promise]);
    if (answer === "aborted" || signal.aborted) return deny(DENIALS.deadline);
    const parsed = permissionDecisionSchema.safeParse(answer);
    return parsed.success ? parsed.data : deny(DENIALS.unreadable);
  } catch {
    await sleep(CUT_SHOWS_AFTER_MS);
    return connection.isOpen() ? deny(DENIALS.failed) : "cut";
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function deny(message: string): PermissionDecision {
  return { behavior: "deny", message };
}

type HookOutput = Awaited<ReturnType<HookCallback>>;

function toHookOutput(decision: PermissionDecision): HookOutput {
  if (decision.behavior === "no_rule") return {};
  const reason = decision.behavior === "allow" ? {} : { permissionDecisionReason: decision.message };
  return {
    hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: decision.behavior, ...reason },
  };
}

/** Consent has no `no_rule` and no `ask`: anything but a plain yes is a no. */
function toPermissionResult(decision: PermissionDecision, input: Record<string, unknown>): PermissionResult {
  if (decision.behavior === "allow") return { behavior: "allow", updatedInput: input };
  return { behavior: "deny", message: decision.behavior === "deny" ? decision.message : DENIALS.unreadable };
}
