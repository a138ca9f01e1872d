// Writes facts about the session: each one as rows, its event and what it owes D1, in one transaction, then rings the bell.
import { differenceOf } from "../../shared/accounting/reported-usage.ts";
import { nameAttachment } from "../../shared/attachments/schema.ts";
import type { TurnResult } from "../../shared/sessions/schema.ts";
import { deriveStatus } from "../../shared/sessions/lifecycle-policy.ts";
import type { TurnEnd } from "../../shared/sessions/turn-end-policy.ts";
import type { ExecutionRow } from "../agents/execution-row.ts";
import type { UsageLedger } from "../accounting/usage-ledger.ts";
import type { RefusalStore } from "../budgets/refusal-store.ts";
import type { Clock } from "../clock.ts";
import type { EventBell } from "../events/event-bell.ts";
import type { EventStore } from "../events/event-store.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import type { PermissionBook } from "../permissions/permission-book.ts";
import type { ProcessRegistry } from "../processes/process-registry.ts";
import type { ObjectStorage } from "../sql/migrate.ts";
import type { CliTotals, SessionStore } from "./session-store.ts";
import type { TurnRow, TurnStore } from "./turn-store.ts";

export type SessionLogParts = {
  storage: ObjectStorage;
  sessions: SessionStore;
  turns: TurnStore;
  events: EventStore;
  outbox: OutboxStore;
  bell: EventBell;
  clock: Clock;
};

export type SessionLog = {
  /** Runs the writes as one transaction and rings the bell once they stand. */
  write<T>(change: () => T): T;
  /** Brings the status in line with the turns. To be called inside `write`. */
  refreshStatus(reason?: string | null): void;
  setStarting(): void;
  turnStarted(turn: TurnRow, occurredAt?: string): void;
  turnEnded(turn: TurnRow, end: TurnEnd, detail?: { stderr_tail: string | null; cliTotals: CliTotals | null }): void;
  sessionEnded(reason: string): void;
  /** The session's row in D1 is to follow. */
  oweRow(): void;
};

type Followers = {
  /** What models used is accounted with the turn's end. */
  ledger: Pick<UsageLedger, "report">;
  refusals: Pick<RefusalStore, "of">;
  /** What runs follows each change of status and turn. */
  registry: Pick<ProcessRegistry, "oweRow">;
  /** Where the session is an execution of an agent. */
  executions: ExecutionRow;
  /** What waits for a person shows in the status, and ends with its turn. */
  permissions: Pick<PermissionBook, "pending" | "endTurn">;
};

export function createSessionLog(parts: SessionLogParts & Followers): SessionLog {
  const { sessions, turns, events, clock, registry, permissions, refusals } = parts;

  const oweRow = (): void => {
    oweSessionRow(parts);
    registry.oweRow();
    parts.executions.oweRow();
  };

  const changeStatus = (status: Parameters<SessionStore["setStatus"]>[0], reason: string | null): void => {
    const before = sessions.get();
    if (before.status === status && before.status_reason === reason) return;
    sessions.setStatus(status, reason, clock.nowIso());
    events.append({ type: "session_status_changed", turn_id: null, data: { status, reason } });
    oweRow();
  };

  const refreshStatus = (reason: string | null = null): void => {
    const session = sessions.get();
    // The last word on a session is its own: what is still cleared away after it says nothing about why it ended.
    if (session.status === "ended" || session.status === "failed") return;
    const open = turns.open();
    const asked = permissions.pending();
    const status = deriveStatus({
      current: session.status,
      runningTurn: open.some((turn) => turn.status === "running"),
      handedOverTurn: open.length > 0,
      queuedTurn: turns.nextQueued() !== null,
      backgroundTasks: session.background_tasks,
      budgetExceeded: isStoppedByBudget(turns.newest(), refusals),
      asksPerson: asked.length > 0,
    });
    changeStatus(status, describeAsked(asked) ?? reason);
  };

  return {
    refreshStatus,
    oweRow,
    write: (change) => writeAndRing(parts, change),
    setStarting: () => changeStatus("starting", null),
    turnStarted(turn, occurredAt) {
      turns.markStarted(turn.turn_id, clock.nowIso());
      events.append({
        type: "turn_started",
        turn_id: turn.turn_id,
        data: turnStartedData(turn),
        ...(occurredAt === undefined ? {} : { occurred_at: occurredAt }),
      });
      refreshStatus();
      registry.oweRow();
    },
    turnEnded(turn, end, detail = { stderr_tail: null, cliTotals: null }) {
      permissions.endTurn(turn.turn_id, end.status === "interrupted" ? "interrupt" : "turn_ended");
      turns.finish(turn.turn_id, { ...end, at: clock.nowIso() });
      if (end.error !== null) recordError(parts, turn, { ...end.error, stderr_tail: detail.stderr_tail });
      if (end.result !== null) recordUsage(parts, turn, end.result, detail.cliTotals);
      const { status, reason, result } = end;
      events.append({ type: "turn_completed", turn_id: turn.turn_id, data: { status, reason, result } });
      refreshStatus();
      oweRow();
    },
    sessionEnded: (reason) => changeStatus("ended", reason),
  };
}

function isStoppedByBudget(newest: TurnRow | null, refusals: Pick<RefusalStore, "of">): boolean {
  if (newest === null || newest.status === "completed") return false;
  return newest.reason === "stopped at max_budget_usd" || refusals.of(newest.turn_id)?.code === "budget_exceeded";
}

/** Null when nothing waits for a person. */
function describeAsked([first, ...others]: ReturnType<PermissionBook["pending"]>): string | null {
  if (first === undefined) return null;
  const what = first.kind === "tool" ? `about ${first.tool_name}` : WAITS_FOR[first.kind];
  return `waits for a person's answer ${what}${others.length > 0 ? `, and ${others.length} more` : ""}`;
}

const WAITS_FOR = {
  question: "to a question of Claude's",
  plan: "to a plan",
  elicitation: "to a question of an MCP server's",
};

function writeAndRing<T>({ storage, bell }: SessionLogParts, change: () => T): T {
  const value = storage.transactionSync(change);
  bell.ring();
  return value;
}

function recordError(
  { events }: SessionLogParts,
  turn: TurnRow,
  { stderr_tail, ...error }: NonNullable<TurnEnd["error"]> & { stderr_tail: string | null },
): void {
  const data = { ...error, ...(stderr_tail === null ? {} : { stderr_tail }) };
  events.append({ type: "error_occurred", turn_id: turn.turn_id, data });
}

function turnStartedData(turn: TurnRow): Record<string, unknown> {
  return {
    number: turn.number,
    origin: turn.origin,
    ...(turn.origin === "prompt" ? { prompt: turn.prompt, permission_mode: turn.permission_mode } : {}),
    ...(turn.options.attachments === undefined || turn.options.attachments.length === 0
      ? {}
      : { attachments: turn.options.attachments.map(nameAttachment) }),
    ...(turn.options.model === undefined ? {} : { model: turn.options.model }),
    ...(turn.notes.length === 0 ? {} : { notes: turn.notes }),
  };
}

function recordUsage(
  { sessions, events, ledger }: SessionLogParts & Followers,
  turn: TurnRow,
  { cost_usd, usage }: TurnResult,
  totals: CliTotals | null,
): void {
  if (totals !== null) {
    ledger.report(turn.turn_id, differenceOf(totals.cli_usage, sessions.get().cli_usage));
    sessions.addCost(totals, cost_usd);
  }
  events.append({ type: "usage_recorded", turn_id: turn.turn_id, data: { cost_usd, usage } });
}

function oweSessionRow(parts: SessionLogParts): void {
  const version = parts.sessions.touch(parts.clock.nowIso());
  const session = parts.sessions.get();
  parts.outbox.put("session", session.session_id, {
    id: session.session_id,
    team_id: session.team_id,
    owner_id: session.owner_id,
    project_id: session.project_id,
    workspace_id: session.workspace_id,
    title: session.title,
    status: session.status,
    status_reason: session.status_reason,
    turns: parts.turns.count(),
    cursor: parts.events.cursor(),
    cost_usd: session.cost_usd,
    created_at: session.created_at,
    updated_at: session.updated_at,
    version,
  });
}
