// Answers the runner's question before each tool call. The same question gets the same answer, also after a restart.
import { PERMISSION_DEADLINE_MS } from "../../shared/limits.ts";
import type { CallDecision } from "../../shared/permissions/decide-call.ts";
import { decideInSession } from "../../shared/permissions/decide-in-session.ts";
import { approvedRules } from "../../shared/permissions/used-names.ts";
import { cutToCeiling, type PermissionMode } from "../../shared/permissions/permission-mode.ts";
import type { PermissionDecision, PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import type { SessionConfigurationKeeper } from "../configuration/session-configuration.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import { hashCall } from "./hash-call.ts";
import type { FollowUpRules } from "./follow-up-rules.ts";
import type { PermissionBook } from "./permission-book.ts";
import type { PermissionDesk } from "./permission-desk.ts";
import type { UsedSkills } from "./used-skills.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "events" | "clock"> & {
  book: PermissionBook;
  skills: UsedSkills;
  followUps: FollowUpRules;
  desk: PermissionDesk;
  log: SessionLog;
  /** Rules of team, user, project and session, and the ceiling. */
  configuration: Pick<SessionConfigurationKeeper, "gate">;
  /** No turn of any session runs in a wider mode. */
  maxPermissionMode: PermissionMode;
  /** Resolves true once the turn has the workspace's lease, false when it does not get it in time. */
  holdsLease(turnId: string, timeoutMs: number): Promise<boolean>;
  /** What is done before a tool that is not refused; it decides nothing, and never rejects. */
  beforeTool(question: PermissionQuestion): Promise<void>;
};

export type PermissionGate = { decide(question: PermissionQuestion): Promise<PermissionDecision> };

export function createPermissionGate(parts: Parts): PermissionGate {
  return {
    async decide(question) {
      const stored = parts.book.decision(question.request_id);
      if (stored !== null) return stored;
      const refusal = refuseStranger(parts, question);
      if (refusal !== null) return refusal;
      const turn = parts.turns.get(question.turn_id);
      if (turn === null) return deny("The tool did not run: its turn is not known any more.");
      // The gate left it to the permission mode, which has asked for a person since.
      if (question.stage === "consent") parts.skills.forget(question);
      const decision = await (question.stage === "gate" ? atGate : atConsent)(parts, turn, question);
      if (decision.behavior === "allow" || decision.behavior === "no_rule") parts.skills.note(question);
      return decision;
    },
  };
}

function refuseStranger(parts: Parts, question: PermissionQuestion): PermissionDecision | null {
  const session = parts.sessions.get();
  const turn = parts.turns.get(question.turn_id);
  if (session.status === "ended" || session.runtime_id !== question.runtime_id) {
    return deny("The tool did not run: this session does not work in this sandbox any more.");
  }
  if (turn?.ended_at !== null && turn !== null) return deny("The tool did not run: its turn has ended.");
  return null;
}

async function atGate(parts: Parts, turn: TurnRow, question: PermissionQuestion): Promise<PermissionDecision> {
  const decided = await decideFor(parts, turn, question);
  const decision = toDecision(decided);
  if (decision.behavior !== "deny") await parts.beforeTool(question);
  return store(parts, question, { decided, decision });
}

/** Claude Code, or the gate before it, wants a person. */
async function atConsent(parts: Parts, turn: TurnRow, question: PermissionQuestion): Promise<PermissionDecision> {
  const callSha256 = await hashCall(question);
  const waiting = parts.desk.resume(question.request_id);
  if (waiting !== null) return waiting;
  if (turn.interrupt_requested) return deny("The tool did not run: the turn was stopped.");
  const decided = decideByRules(parts, turn, { question, callSha256 });
  if (decided.behavior === "ask" || decided.behavior === "no_rule") {
    return parts.desk.ask(question, decided, callSha256);
  }
  return store(parts, question, { decided, decision: toDecision(decided) });
}

async function decideFor(parts: Parts, turn: TurnRow, question: PermissionQuestion): Promise<CallDecision> {
  const reason = turn.origin === "follow_up" ? await holdBack(parts, turn.turn_id) : null;
  if (reason !== null) return { behavior: "deny", rule: null, scope: null, reason };
  return decideByRules(parts, turn, { question, callSha256: await hashCall(question) });
}

/** A follow-up begins by itself: its tools wait until no other session works in the same files, and for today's rules. */
async function holdBack({ holdsLease, followUps }: Parts, turnId: string): Promise<string | null> {
  if (await holdsLease(turnId, PERMISSION_DEADLINE_MS)) return followUps.bringUpToDate(turnId);
  return "The tool did not run: another session worked in this project's files for too long.";
}

type Call = { question: PermissionQuestion; callSha256: string | null };

function decideByRules(parts: Parts, turn: TurnRow, { question, callSha256 }: Call): CallDecision {
  const { book } = parts;
  const { policies, ceiling, approvals } = parts.configuration.gate();
  const approved = approvedRules(approvals, parts.skills.names(turn), question.own_names);
  const permission_mode = cutToCeiling(ceiling.permission_mode, parts.maxPermissionMode);
  return decideInSession({
    asked: question,
    allowedTools: turn.options.allowed_tools,
    ceiling: { ...ceiling, permission_mode },
    policies: [...policies, ...approved],
    grantedRules: book.grantedRules(),
    isCallGranted: callSha256 !== null && book.isCallGranted(callSha256),
  });
}

function toDecision({ behavior, rule, reason }: CallDecision): PermissionDecision {
  switch (behavior) {
    case "deny":
      return deny(rule === null ? reason : `${reason} The tool did not run. Do not try the same in another way.`);
    case "ask":
      return { behavior: "ask", message: reason.slice(0, MAX_REASON) };
    case "allow":
    case "no_rule":
      return { behavior };
  }
}

const MAX_REASON = 1900;

type Decided = { decided: CallDecision; decision: PermissionDecision };

function store(parts: Parts, question: PermissionQuestion, { decided, decision }: Decided): PermissionDecision {
  // `no_rule` is the answer to nearly every call and can be found again at any time: it leaves no row and no event.
  if (decision.behavior === "no_rule") return decision;
  return parts.log.write(() => {
    // The same question may have come in again while this one was looked at.
    const earlier = parts.book.decision(question.request_id);
    if (earlier !== null) return earlier;
    parts.book.keep(question.request_id, question.turn_id, decision);
    // What is asked is told of when it comes back for a person.
    if (decision.behavior !== "ask") recordDecision(parts, question, decided);
    return decision;
  });
}

function recordDecision(parts: Parts, question: PermissionQuestion, decided: CallDecision): void {
  const { request_id, turn_id, tool_name, tool_use_id, tool_input, permission_mode, stage } = question;
  const asked = { request_id, tool_name, tool_use_id, tool_input, permission_mode, stage };
  parts.events.append({ type: "permission_requested", turn_id, data: asked });
  const { behavior, reason: message, rule, scope: rule_scope } = decided;
  const resolved = { request_id, behavior, message, rule, rule_scope, decided_by: "policy", user_id: null };
  parts.events.append({ type: "permission_resolved", turn_id, data: resolved });
}

function deny(message: string): PermissionDecision {
  return { behavior: "deny", message: message.slice(0, MAX_REASON) };
}
