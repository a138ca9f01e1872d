// Asks a person: keeps the request and the runner's call waiting until somebody answers or the time is up.
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { CONSENT_MARGIN_MS, PERMISSION_DEADLINE_MS } from "../../shared/limits.ts";
import type { CallDecision } from "../../shared/permissions/decide-call.ts";
import { judgeAnswer } from "../../shared/permissions/answer-policy.ts";
import type {
  AnswerWay,
  PermissionAnswer,
  PermissionRequestView,
} from "../../shared/permissions/permission-request.ts";
import { isShortened } from "../../shared/permissions/shortened-input.ts";
import { suggestRule } from "../../shared/permissions/suggest-rule.ts";
import { kindOf } from "../../shared/permissions/tool-kinds.ts";
import type { PermissionDecision, PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { NewRequest, PermissionBook, RequestRow } from "./permission-book.ts";
import { showRequest } from "./request-view.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "bell" | "clock"> & {
  book: PermissionBook;
  log: SessionLog;
  /** How long a person has at most. */
  timeoutMs: number;
  /** Looks for requests whose time is up at that time, whatever happens to the object meanwhile. */
  expireAt(atMs: number): void;
};

export type Answering = {
  request_id: string;
  answer: PermissionAnswer;
  user_id: string;
  way: AnswerWay;
  /** The OAuth client through which it came, where one is known. */
  client_id?: string;
};

export type PermissionDesk = {
  /** Resolves once it is settled. Asked again under the same id, it waits for the same answer. */
  ask(question: PermissionQuestion, why: CallDecision, callSha256: string | null): Promise<PermissionDecision>;
  /** Waits for one that was asked before; null when there is none of this id. */
  resume(requestId: string): Promise<PermissionDecision> | null;
  /** Once: the first answer stands, and whoever comes later is told so. */
  answer(answering: Answering): Answer<PermissionRequestView>;
  view(requestId: string): Answer<PermissionRequestView>;
  pending(): PermissionRequestView[];
  /** Denies what nobody answered in time. */
  expire(): void;
};

const NOT_FOUND = failure("permission_not_found", "There is no such permission request in this session.");
const TIMED_OUT = "Nobody answered in time, so the tool did not run. Go on without it, and say what was left undone.";
const TOO_LONG =
  "This call is too long to be shown to a person whole, so nobody can agree to it. Do it in smaller parts.";
/** A ring that was missed costs no more than this. */
const LOOK_AGAIN_MS = 30_000;

export function createPermissionDesk(parts: Parts): PermissionDesk {
  const { book, log, clock } = parts;
  const show = (row: RequestRow): PermissionRequestView => showRequest(parts, row);

  const expire = (): void => {
    const late = book.pending().filter((row) => row.expires_at_ms <= clock.nowMs());
    if (late.length > 0) log.write(() => late.forEach((row) => timeOut(parts, row)));
    const next = Math.min(...book.pending().map((row) => row.expires_at_ms));
    if (Number.isFinite(next)) parts.expireAt(next);
  };

  const wait = async (row: RequestRow): Promise<PermissionDecision> => {
    for (;;) {
      if (row.expires_at_ms <= clock.nowMs()) expire();
      const decision = book.decision(row.request_id);
      if (decision !== null) return decision;
      await parts.bell.wait(Math.min(LOOK_AGAIN_MS, Math.max(1, row.expires_at_ms - clock.nowMs())));
    }
  };

  return {
    expire,
    pending: () => book.pending().map(show),
    resume(requestId) {
      const row = book.get(requestId);
      return row === null ? null : wait(row);
    },
    async ask(question, why, callSha256) {
      if (isShortened(question.tool_input)) return { behavior: "deny", message: TOO_LONG };
      log.write(() => {
        book.add(toRequest(parts, question, { why, callSha256 }));
        log.refreshStatus();
      });
      const row = book.get(question.request_id);
      if (row === null) throw new Error("a request that was just added is missing");
      parts.expireAt(row.expires_at_ms);
      return wait(row);
    },
    view(requestId) {
      expire();
      const row = book.get(requestId);
      return row === null ? NOT_FOUND : answer(show(row));
    },
    answer(answering) {
      expire();
      const row = book.get(answering.request_id);
      if (row === null) return NOT_FOUND;
      if (row.resolution !== null) return refuseSettled(row);
      const judged = judgeAnswer(row, answering.answer);
      if (!judged.ok) return failure("invalid_argument", judged.reason);
      const { user_id, way, client_id = null } = answering;
      return log.write(() => {
        if (judged.resolution.remember === "session") book.allowForSession(row);
        if (judged.resolution.remember === "always") book.allowForSession({ ...row, session_rule: row.always_rule });
        book.settle(row, judged.decision, { ...judged.resolution, decided_by: way, user_id }, client_id);
        log.refreshStatus();
        const settled = book.get(row.request_id);
        return settled === null ? NOT_FOUND : answer(show(settled));
      });
    },
  };
}

function timeOut({ book, log }: Parts, row: RequestRow): void {
  const resolution = { behavior: "deny", decided_by: "timeout", user_id: null, remember: null, rule: null } as const;
  book.settle(row, { behavior: "deny", message: TIMED_OUT }, { ...resolution, message: null });
  log.refreshStatus();
}

const SETTLED_WORDS = {
  timeout: "Nobody answered in time, so it was denied.",
  interrupt: "The turn was stopped before anybody answered.",
  turn_ended: "The turn ended before anybody answered.",
};

function refuseSettled({ resolution }: RequestRow): { ok: false; error: ReturnType<typeof failure>["error"] } {
  const by = resolution?.decided_by ?? "timeout";
  if (by === "timeout" || by === "interrupt" || by === "turn_ended") {
    return failure("permission_expired", `${SETTLED_WORDS[by]} This answer changed nothing.`);
  }
  const what = resolution?.behavior === "allow" ? "allowed" : "denied";
  return failure("permission_answered", `This was answered before: ${what}. This answer changed nothing.`);
}

type Why = { why: CallDecision; callSha256: string | null };

function toRequest(parts: Parts, question: PermissionQuestion, { why, callSha256 }: Why): NewRequest {
  const { request_id, turn_id, tool_name, tool_use_id, tool_input, permission_mode, cwd = null } = question;
  const now = parts.clock.nowMs();
  const patienceMs = (question.patience_ms ?? PERMISSION_DEADLINE_MS) - CONSENT_MARGIN_MS;
  const rule = suggestFor(question);
  return {
    request_id,
    turn_id,
    kind: kindOf(question),
    tool_name,
    tool_use_id,
    permission_mode,
    tool_input,
    call_sha256: callSha256,
    cwd,
    reason: tellReason(why.reason, question.asked_because ?? ""),
    rule: why.rule,
    rule_scope: why.scope,
    session_rule: rule,
    // A rule that lets run does not lift one that asks.
    always_rule: why.rule === null ? rule : null,
    requested_at: parts.clock.nowIso(),
    expires_at_ms: now + Math.max(1000, Math.min(parts.timeoutMs, patienceMs)),
  };
}

/** Claude Code repeats the gate's own words where it was the gate that asked. */
function tellReason(reason: string, askedBecause: string): string {
  return askedBecause === "" || reason.startsWith(askedBecause) ? reason : `${reason} ${askedBecause}`;
}

function suggestFor(question: PermissionQuestion): string | null {
  const { tool_name, tool_input, project_dir, home_dir, cwd = null } = question;
  if (kindOf(question) !== "tool" || project_dir === undefined || home_dir === undefined) return null;
  const call = { toolName: tool_name, toolInput: tool_input };
  return suggestRule(call, { projectDir: project_dir, homeDir: home_dir, cwd });
}
