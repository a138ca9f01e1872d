// Answers the runner's question before each tool call. The same question gets the same answer, also after a restart.
import { PERMISSION_DEADLINE_MS } from "../../shared/limits.ts";
import { decidePermission } from "../../shared/permissions/permission-policy.ts";
import {
  permissionDecisionSchema,
  type PermissionDecision,
  type PermissionQuestion,
} from "../../shared/rpc/session-host-api.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import type { ObjectSql } from "../sql/migrate.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "events" | "clock"> & {
  sql: ObjectSql;
  log: SessionLog;
  /** Resolves true once the turn has the workspace's lease, false when it does not get it in time. */
  holdsLease(turnId: string, timeoutMs: number): Promise<boolean>;
  /** What is done before a tool that is not refused; it decides nothing, and never rejects. */
  beforeTool(question: PermissionQuestion): Promise<void>;
};

export type PermissionGate = { decide(question: PermissionQuestion): Promise<PermissionDecision> };

export function createPermissionGate(parts: Parts): PermissionGate {
  return {
    async decide(question) {
      const stored = findDecision(parts.sql, question.request_id);
      if (stored !== null) return stored;
      const refusal = refuseStranger(parts, question);
      if (refusal !== null) return refusal;
      const turn = parts.turns.get(question.turn_id);
      if (turn === null) return deny("The tool did not run: its turn is not known any more.");
      const decision = await decideFor(parts, turn, question);
      if (question.stage === "gate" && decision.behavior !== "deny") await parts.beforeTool(question);
      return store(parts, question, decision);
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

/** A follow-up begins by itself, so its tools wait until no other session works in the same files. */
async function decideFor(parts: Parts, turn: TurnRow, question: PermissionQuestion): Promise<PermissionDecision> {
  if (turn.origin === "follow_up" && !(await parts.holdsLease(turn.turn_id, PERMISSION_DEADLINE_MS))) {
    return deny("The tool did not run: another session worked in this project's files for too long.");
  }
  return decidePermission({
    stage: question.stage,
    toolName: question.tool_name,
    permissionMode: question.permission_mode,
    allowedTools: turn.options.allowed_tools,
  });
}

function store(parts: Parts, question: PermissionQuestion, decision: PermissionDecision): PermissionDecision {
  // `no_rule` is the answer to nearly every call and can be found again at any time: it leaves no row and no event.
  if (decision.behavior === "no_rule") return decision;
  return parts.log.write(() => {
    parts.sql.exec(
      "INSERT OR IGNORE INTO permissions (request_id, turn_id, decision, decided_at) VALUES (?, ?, ?, ?)",
      question.request_id,
      question.turn_id,
      JSON.stringify(decision),
      parts.clock.nowIso(),
    );
    recordDecision(parts, question, decision);
    return decision;
  });
}

function recordDecision(parts: Parts, question: PermissionQuestion, decision: PermissionDecision): void {
  const { request_id, turn_id, tool_name, tool_use_id, tool_input, permission_mode, stage } = question;
  const asked = { request_id, tool_name, tool_use_id, tool_input, permission_mode, stage };
  parts.events.append({ type: "permission_requested", turn_id, data: asked });
  const message = "message" in decision ? decision.message : null;
  const resolved = { request_id, behavior: decision.behavior, message, decided_by: "policy" };
  parts.events.append({ type: "permission_resolved", turn_id, data: resolved });
}

function findDecision(sql: ObjectSql, requestId: string): PermissionDecision | null {
  const rows = sql.exec<{ decision: string }>("SELECT decision FROM permissions WHERE request_id = ?", requestId);
  const row = rows.toArray()[0];
  return row === undefined ? null : permissionDecisionSchema.parse(JSON.parse(row.decision));
}

function deny(message: string): PermissionDecision {
  return { behavior: "deny", message };
}
