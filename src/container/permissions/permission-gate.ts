// The gate before every tool call. It never fails open: whatever goes wrong, the answer is a denial, and it never throws.
import type { CanUseTool, HookCallback, OnElicitation, PermissionResult } from "@anthropic-ai/claude-agent-sdk";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CONSENT_MARGIN_MS,
  MAX_ASKED_INPUT_BYTES,
  MAX_CONSENT_SECONDS,
  PERMISSION_DEADLINE_MS,
} from "../../shared/limits.ts";
import { type PermissionMode, permissionModeSchema } from "../../shared/permissions/permission-mode.ts";
import { shortenInput } from "../../shared/permissions/shortened-input.ts";
import {
  type PermissionDecision,
  permissionDecisionSchema,
  type PermissionQuestion,
} from "../../shared/rpc/session-host-api.ts";
import { newId } from "../new-id.ts";
import type { HostConnection, HostLink } from "../rpc/host-link.ts";

/** The matcher's own timeout: a hook that takes longer refuses the tool. Longer than our deadline, so ours speaks first. */
export const HOOK_TIMEOUT_SECONDS = 600;
/** Longer than any limit that the object may set, so that it is the object that says what became of a request. */
const CONSENT_DEADLINE_MS = MAX_CONSENT_SECONDS * 1000 + 2 * CONSENT_MARGIN_MS;
const MAX_REASON_CHARACTERS = 500;
/** Tool calls between their hook and the question about them; far more than there can be. */
const MAX_KNOWN_CALLS = 500;
/** A cut link rejects its calls a moment before it shows as closed. */
const CUT_SHOWS_AFTER_MS = 50;

export type GateParts = {
  link: HostLink;
  runtimeId: string;
  /** The turn that the question is about; begun when none runs. */
  currentTurnId: () => string;
  permissionMode: () => PermissionMode;
  /** What rules about files are relative to. */
  places: { projectDir: string; homeDir: string };
  /** Commands and skills that are not configured; undefined where they are not known. */
  ownNames: () => string[] | undefined;
  deadlineMs?: number;
  /** Told of every tool call before it is asked about; must not throw. */
  onToolCall?: () => void;
};

type Asked = Pick<
  PermissionQuestion,
  "stage" | "tool_name" | "tool_use_id" | "tool_input" | "cwd" | "asked_because"
> & {
  mode?: unknown;
};

export const DENIALS = {
  deadline: "Nobody decided in time whether this tool may run, so it may not.",
  unreadable: "The answer to whether this tool may run could not be read, so it may not.",
  failed: "It could not be found out whether this tool may run, so it may not.",
} as const;

export type PermissionGate = { preToolUse: HookCallback; canUseTool: CanUseTool; onElicitation: OnElicitation };

export function createPermissionGate(parts: GateParts): PermissionGate {
  const folders = rememberFolders();

  async function decide(asked: Asked, callerSignal: AbortSignal | undefined): Promise<PermissionDecision> {
    // A plain timer: signals made by AbortSignal.timeout and AbortSignal.any can be collected before they fire.
    const stop = new AbortController();
    const onStop = () => stop.abort();
    const limitMs = parts.deadlineMs ?? (asked.stage === "gate" ? PERMISSION_DEADLINE_MS : CONSENT_DEADLINE_MS);
    const deadline = Date.now() + limitMs;
    const timer = setTimeout(onStop, limitMs);
    callerSignal?.addEventListener("abort", onStop);
    try {
      if (callerSignal?.aborted === true) stop.abort();
      const question = toQuestion(parts, asked);
      const patience = (): number => Math.max(1, deadline - Date.now());
      return await askUntilAnswered(parts.link, { question, patience }, stop.signal);
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
    const { tool_name, tool_input, permission_mode: mode, cwd } = input;
    folders.keep(toolUseId ?? null, cwd);
    const asked = { stage: "gate" as const, tool_name, tool_use_id: toolUseId ?? null, tool_input, mode, cwd };
    return toHookOutput(await decide(asked, signal));
  };

  const canUseTool: CanUseTool = async (tool_name, tool_input, { signal, toolUseID, ...told }) => {
    const asked_because = told.decisionReason?.slice(0, MAX_REASON_CHARACTERS);
    const asked = { stage: "consent" as const, tool_name, tool_use_id: toolUseID, tool_input };
    const cwd = folders.take(toolUseID);
    const why = asked_because === undefined ? {} : { asked_because };
    return toPermissionResult(await decide({ ...asked, cwd, ...why }, signal), tool_input);
  };

  const onElicitation: OnElicitation = async (request, { signal }) => {
    const { serverName, requestedSchema: requested_schema, elicitationId: _, ...tool_input } = request;
    const asked = { tool_name: serverName.slice(0, 256) || "?", tool_input: { ...tool_input, requested_schema } };
    return toElicitationResult(await decide({ stage: "elicitation", tool_use_id: null, ...asked }, signal));
  };

  return { preToolUse, canUseTool, onElicitation };
}

/** Only the hook is told where a tool stands. */
function rememberFolders() {
  const known = new Map<string, string>();
  return {
    keep(toolUseId: string | null, cwd: string): void {
      if (toolUseId === null) return;
      known.set(toolUseId, cwd);
      const oldest = known.size > MAX_KNOWN_CALLS ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
    },
    take(toolUseId: string): string | null {
      const cwd = known.get(toolUseId) ?? null;
      known.delete(toolUseId);
      return cwd;
    },
  };
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
    tool_input: shortenInput(asked.tool_input, MAX_ASKED_INPUT_BYTES),
    cwd: asked.cwd ?? null,
    project_dir: parts.places.projectDir,
    home_dir: parts.places.homeDir,
    own_names: parts.ownNames(),
    ...(asked.asked_because === undefined ? {} : { asked_because: asked.asked_because }),
  };
}

/** `patience`: how long an answer is still waited for. */
type Asking = { question: PermissionQuestion; patience: () => number };

/** Asks under one request_id, again after each cut, until there is an answer or the signal is aborted. */
async function askUntilAnswered(
  link: HostLink,
  { question, patience }: Asking,
  signal: AbortSignal,
): Promise<PermissionDecision> {
  for (;;) {
    const connection = await link.whenConnected(signal);
    if (connection === null) return deny(DENIALS.deadline);
    const asked = await askOnce(connection, { ...question, patience_ms: patience() }, signal);
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
  if (decision.behavior === "allow") return { behavior: "allow", updatedInput: { ...input, ...decision.added_input } };
  return { behavior: "deny", message: decision.behavior === "deny" ? decision.message : DENIALS.unreadable };
}

type ElicitationResult = NonNullable<Awaited<ReturnType<OnElicitation>>>;

/** The server hears that nobody answered, and not why. */
function toElicitationResult(decision: PermissionDecision): ElicitationResult {
  if (decision.behavior !== "allow") return { action: "decline" };
  return { action: "accept", content: (decision.added_input ?? {}) as NonNullable<ElicitationResult["content"]> };
}
