// The part of a hook's answer that is about its event: what restricts and what tells is passed on, what permits is left out.
import { z } from "zod";
import type { HookEventName } from "./hook-events.ts";

export type Restricted = {
  output: Record<string, unknown> | null;
  verdict: "deny" | "ask" | null;
  reason: string | null;
  updatedInput: Record<string, unknown> | null;
  ignored: string[];
};

type Specific = Record<string, unknown>;

/** Fields that speak for a person, or that act on the terminal of one. */
const NEVER = ["classifierContext", "updatedPermissions", "terminalSequence"];

export function restrictSpecific(event: HookEventName, specific: Specific | null): Restricted {
  if (specific === null) return { output: null, verdict: null, reason: null, updatedInput: null, ignored: [] };
  const ignored = NEVER.filter((field) => Object.hasOwn(specific, field)).map(
    (field) => `${field} (a hook cannot permit)`,
  );
  const rest = Object.fromEntries(Object.entries(specific).filter(([field]) => !NEVER.includes(field)));
  const restricted = restrictVerdict(event, rest);
  return { ...restricted, ignored: [...ignored, ...restricted.ignored] };
}

const RESTRICT: Partial<Record<HookEventName, (specific: Specific) => Restricted>> = {
  PreToolUse: restrictPermission,
  PreModelSwitch: restrictPermission,
  PermissionRequest: restrictRequest,
  Elicitation: restrictAction,
  ElicitationResult: restrictAction,
};

function restrictVerdict(event: HookEventName, specific: Specific): Restricted {
  const restrict = RESTRICT[event];
  if (restrict !== undefined) return restrict(specific);
  return { output: specific, verdict: null, reason: null, updatedInput: null, ignored: [] };
}

function restrictPermission({ permissionDecision, updatedInput, ...specific }: Specific): Restricted {
  // To defer is to leave it to somebody: here that is the person who is asked.
  const verdict = permissionDecision === "deny" ? "deny" : isAsk(permissionDecision) ? "ask" : null;
  const reason = specific["permissionDecisionReason"];
  const input = z.record(z.string(), z.unknown()).safeParse(updatedInput);
  return {
    output: verdict === null ? withoutReason(specific) : { ...specific, permissionDecision: verdict },
    verdict,
    reason: verdict !== null && typeof reason === "string" ? reason : null,
    updatedInput: input.success ? input.data : null,
    ignored: permissionDecision === "allow" ? ["permissionDecision: allow (a hook cannot permit)"] : [],
  };
}

const isAsk = (decision: unknown): boolean => decision === "ask" || decision === "defer";

function withoutReason(specific: Specific): Specific {
  return Object.fromEntries(Object.entries(specific).filter(([field]) => field !== "permissionDecisionReason"));
}

const denialSchema = z.object({
  behavior: z.literal("deny"),
  message: z.string().optional(),
  interrupt: z.boolean().optional(),
});

/** Claude Code takes a hook's `allow` for a person's, also where the gate wants a person to be asked. */
function restrictRequest({ decision, ...specific }: Specific): Restricted {
  const denial = denialSchema.safeParse(decision);
  if (denial.success) {
    const reason = denial.data.message ?? null;
    return { output: { ...specific, decision: denial.data }, verdict: "deny", reason, updatedInput: null, ignored: [] };
  }
  const ignored = decision === undefined ? [] : ["decision: allow (a hook cannot permit)"];
  return { output: null, verdict: null, reason: null, updatedInput: null, ignored };
}

function restrictAction(specific: Specific): Restricted {
  const { action } = specific;
  if (action === "decline" || action === "cancel") {
    const output = { hookEventName: specific["hookEventName"], action };
    return { output, verdict: "deny", reason: null, updatedInput: null, ignored: [] };
  }
  const ignored = action === undefined ? [] : ["action: accept (a hook cannot answer for a person)"];
  return { output: null, verdict: null, reason: null, updatedInput: null, ignored };
}
