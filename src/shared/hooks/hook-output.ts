// What a hook's end means, read as Claude Code reads it, with one difference: a hook restricts and tells, it never permits.
// Consent is a person's, and what a hook runs may be a file that Claude wrote a minute ago.
import { z } from "zod";
import { type HookEventName, traitsOf } from "./hook-events.ts";
import type { Hook } from "./hook-schema.ts";
import { restrictSpecific } from "./hook-specific-output.ts";

/** How a hook ended. `exit_code` is null where there is none; an HTTP hook's end has its status instead. */
export type HookEnd = {
  exit_code: number | null;
  http_status: number | null;
  stdout: string;
  stderr: string;
  /** In words of ours: it took too long, could not be started, could not be reached. */
  failure: string | null;
};

export const HOOK_OUTCOMES = ["passed", "blocked", "asked", "failed"] as const;
export type HookOutcome = (typeof HOOK_OUTCOMES)[number];

export type HookReading = {
  outcome: HookOutcome;
  /** Why it blocks or asks, or how it failed. */
  reason: string | null;
  /** What Claude Code is given. */
  output: Record<string, unknown>;
  /** The input that a PreToolUse hook wants the tool to have instead; the gate decides on it like on any other. */
  updatedInput: Record<string, unknown> | null;
  /** What of its answer was left out, and why. */
  ignored: string[];
};

const MAX_REASON_CHARS = 10_000;

const answerSchema = z.looseObject({
  continue: z.boolean().optional(),
  suppressOutput: z.boolean().optional(),
  stopReason: z.string().optional(),
  decision: z.enum(["approve", "block"]).optional(),
  reason: z.string().optional(),
  systemMessage: z.string().optional(),
  hookSpecificOutput: z.looseObject({ hookEventName: z.string() }).optional(),
});

const PASSED: HookReading = { outcome: "passed", reason: null, output: {}, updatedInput: null, ignored: [] };

export function readHookEnd(event: HookEventName, hook: Hook, end: HookEnd): HookReading {
  if (end.exit_code === 2 && end.failure === null) return block(event, end.stderr.trim() || "A hook blocked this.");
  const failure = explainFailure(end);
  if (failure !== null) return fail(event, hook, failure);
  const answer = readJson(end.stdout);
  if (answer === undefined) return readText(event, end.stdout);
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) return fail(event, hook, "it printed JSON that is no answer of a hook");
  return readAnswer(event, hook, parsed.data);
}

/** The event's own words for a no. */
const REFUSALS: Partial<Record<HookEventName, (reason: string) => Record<string, unknown>>> = {
  PreToolUse: (reason) => ({ permissionDecision: "deny", permissionDecisionReason: reason }),
  PreModelSwitch: (reason) => ({ permissionDecision: "deny", permissionDecisionReason: reason }),
  PermissionRequest: (message) => ({ decision: { behavior: "deny", message } }),
  Elicitation: () => ({ action: "decline" }),
  ElicitationResult: () => ({ action: "decline" }),
};

/** What Claude Code is told in place of a hook's exit code 2. */
export function blockingOutput(event: HookEventName, reason: string): Record<string, unknown> {
  const refusal = REFUSALS[event];
  if (refusal !== undefined) return { hookSpecificOutput: { hookEventName: event, ...refusal(reason) } };
  return traitsOf(event).onBlock === "nothing" ? {} : { decision: "block", reason };
}

function readAnswer(event: HookEventName, hook: Hook, answer: z.infer<typeof answerSchema>): HookReading {
  const { decision, reason, hookSpecificOutput: specific } = answer;
  if (specific !== undefined && specific.hookEventName !== event) {
    return fail(event, hook, "its answer is about another event");
  }
  if (decision === "block") return { ...block(event, reason ?? "A hook blocked this."), ignored: [] };
  const restricted = restrictSpecific(event, specific ?? null);
  const ignored = [
    ...(decision === "approve" ? ["decision: approve (a hook cannot permit)"] : []),
    ...restricted.ignored,
  ];
  const output = {
    ...pickGeneral(answer),
    ...(restricted.output !== null && { hookSpecificOutput: restricted.output }),
  };
  const { verdict, updatedInput } = restricted;
  const isStopped = answer.continue === false;
  const outcome = verdict === "deny" || isStopped ? "blocked" : verdict === "ask" ? "asked" : "passed";
  const why = restricted.reason ?? (isStopped ? (answer.stopReason ?? null) : null);
  return { outcome, reason: why, output, updatedInput, ignored };
}

function pickGeneral(answer: z.infer<typeof answerSchema>): Record<string, unknown> {
  const { continue: goesOn, suppressOutput, stopReason, systemMessage } = answer;
  const fields = { continue: goesOn, suppressOutput, stopReason, systemMessage };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Plain text is context for Claude where Claude Code takes it for that, and the folder that a worktree hook made. */
function readText(event: HookEventName, stdout: string): HookReading {
  const text = stdout.trim();
  if (text === "") return PASSED;
  const specific = (fields: Record<string, unknown>) => ({
    ...PASSED,
    output: { hookSpecificOutput: { hookEventName: event, ...fields } },
  });
  if (event === "WorktreeCreate") return specific({ worktreePath: text });
  const isContext = event === "UserPromptSubmit" || event === "SessionStart" || event === "UserPromptExpansion";
  return isContext ? specific({ additionalContext: text.slice(0, MAX_REASON_CHARS) }) : PASSED;
}

function explainFailure(end: HookEnd): string | null {
  if (end.failure !== null) return end.failure;
  if (end.http_status !== null) {
    return end.http_status >= 200 && end.http_status < 300 ? null : `its server answered ${end.http_status}`;
  }
  return end.exit_code === 0 ? null : `it exited with code ${end.exit_code ?? "none"}`;
}

/** Undefined for what is no JSON object: that is text. */
function readJson(stdout: string): unknown {
  const text = stdout.trim();
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A hook that always fails would never let these come to their end: Claude Code passes over `onFailure` here. */
const ENDS: readonly HookEventName[] = ["Stop", "SubagentStop", "TaskCompleted", "TeammateIdle"];

function fail(event: HookEventName, hook: Hook, failure: string): HookReading {
  const isAwaited = hook.type === "http" || hook.async !== true;
  if (hook.onFailure === "block" && isAwaited && !ENDS.includes(event)) {
    return block(event, `A hook failed and blocks when it does: ${failure}.`);
  }
  return { ...PASSED, outcome: "failed", reason: failure };
}

function block(event: HookEventName, reason: string): HookReading {
  const why = reason.slice(0, MAX_REASON_CHARS);
  const outcome = traitsOf(event).onBlock === "nothing" ? "passed" : "blocked";
  return { ...PASSED, outcome, reason: why, output: blockingOutput(event, why) };
}
