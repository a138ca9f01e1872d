// Turns the runner's entries into the log: stored once, in order, with what follows from each, then acknowledged.
import type { AttachmentProblem } from "../../shared/attachments/schema.ts";
import type { CliResult, EntryBatch, RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import { readModelRetry } from "../../shared/models/retry-policy.ts";
import type { TurnOptions } from "../../shared/sessions/schema.ts";
import { decideTurnEnd } from "../../shared/sessions/turn-end-policy.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import { type CliTotals, NO_CLI_TOTALS } from "../sessions/session-store.ts";
import { ENDED_WITH_CLAUDE_CODE, type TaskLog } from "../tasks/task-log.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import { createPrefixedLines, type PrefixedLines } from "../structured/prefixed-lines.ts";
import { judgeStructured } from "../structured/structured-answer.ts";
import type { RefusalStore } from "../budgets/refusal-store.ts";
import { readToolCalls, type ToolCallEvent } from "./tool-calls.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "events" | "clock"> & {
  taskLog: TaskLog;
  refusals: Pick<RefusalStore, "of">;
};

export type EntryRecorder = {
  /** The highest source_seq that is stored. Throws on a gap and on a runtime that is not the session's. */
  record(batch: EntryBatch): { acknowledged_source_seq: number; needsDrive: boolean };
};

export function createEntryRecorder(parts: Parts, log: SessionLog): EntryRecorder {
  const { sessions, events } = parts;
  const lines = createPrefixedLines(parts);

  const recordOne = (runtimeId: string, entry: RunnerEntry): boolean => {
    switch (entry.kind) {
      case "message":
        recordMessage(parts, lines, { runtimeId, entry });
        return false;
      case "turn_started":
        return startTurn(parts, log, { runtimeId, entry });
      case "turn_ended":
        lines.onTurnEnded(entry);
        return endTurn(parts, log, entry);
      case "background_tasks_changed":
        sessions.setBackgroundTasks(entry.running);
        log.refreshStatus(entry.running > 0 ? "a background task runs" : null);
        // One that begins while nothing is driven has to be looked after from here on.
        return true;
      case "hook_executed":
        recordHook(parts, entry);
        return false;
      case "cli_started":
        if (entry.totals !== undefined) {
          sessions.addCost({ cli_total_usd: entry.totals.total_cost_usd, cli_usage: entry.totals.model_usage }, 0);
        }
        // A conversation that begins anew counts its cost, and its files, from nothing again.
        if (!entry.resumed) {
          sessions.addCost(NO_CLI_TOTALS, 0);
          sessions.setInheritedAttachedBytes(0);
          parts.turns.forgetAttachedBytes();
        }
        return false;
      case "cli_exited":
        parts.taskLog.endAll(ENDED_WITH_CLAUDE_CODE, { turn_id: entry.turn_id, occurred_at: entry.occurred_at });
        sessions.setBackgroundTasks(0);
        log.refreshStatus();
        return true;
    }
  };

  return {
    record(batch) {
      if (sessions.get().runtime_id !== batch.runtime_id) throw new Error("this runtime is not the session's any more");
      return log.write(() => {
        let acknowledged = events.acknowledged(batch.runtime_id);
        let needsDrive = false;
        for (const entry of batch.entries) {
          if (entry.source_seq <= acknowledged) continue;
          if (entry.source_seq !== acknowledged + 1) throw new Error(`entry ${acknowledged + 1} is missing`);
          needsDrive = recordOne(batch.runtime_id, entry) || needsDrive;
          acknowledged = entry.source_seq;
        }
        events.acknowledge(batch.runtime_id, acknowledged);
        return { acknowledged_source_seq: acknowledged, needsDrive };
      });
    },
  };
}

function recordMessage(
  parts: Parts,
  lines: PrefixedLines,
  { runtimeId, entry }: { runtimeId: string; entry: RunnerEntry & { kind: "message" } },
): void {
  const seq = parts.events.append({
    type: "message_received",
    turn_id: entry.turn_id,
    occurred_at: entry.occurred_at,
    data: { message: entry.message },
    body: entry.body,
    source: { runtime_id: runtimeId, source_seq: entry.source_seq },
  });
  const retry = readModelRetry(entry.message);
  if (retry !== null) {
    const { turn_id, occurred_at } = entry;
    parts.events.append({ type: "model_retried", turn_id, occurred_at, data: { message_seq: seq, ...retry } });
  }
  for (const call of readToolCalls(entry.message)) {
    const { type, ...data } = call;
    parts.events.append({
      type,
      turn_id: entry.turn_id,
      occurred_at: entry.occurred_at,
      data: { message_seq: seq, ...data, ...durationOf(entry, call) },
    });
  }
  lines.onMessage(seq, entry);
  parts.taskLog.heard(seq, entry);
}

function durationOf(
  { tool_durations }: RunnerEntry & { kind: "message" },
  call: ToolCallEvent,
): { duration_ms?: number } {
  const duration_ms = call.type === "tool_call_completed" ? tool_durations?.[call.tool_use_id] : undefined;
  return duration_ms === undefined ? {} : { duration_ms };
}

function recordHook({ events }: Parts, { turn_id, occurred_at, hook }: RunnerEntry & { kind: "hook_executed" }): void {
  events.append({ type: "hook_executed", turn_id, occurred_at, data: { ...hook } });
}

/** True for a turn that Claude began by itself: from here on it has to be looked after. */
function startTurn(
  parts: Parts,
  log: SessionLog,
  start: { runtimeId: string; entry: RunnerEntry & { kind: "turn_started" } },
): boolean {
  const { runtimeId, entry } = start;
  const earlier = parts.turns.get(entry.turn_id);
  const turn = earlier ?? addFollowUp(parts, runtimeId, entry);
  if (turn.started_at === null && turn.ended_at === null) log.turnStarted(turn, entry.occurred_at);
  return earlier === null;
}

/** Claude goes on by itself: a turn like any other, with what the turn before it was allowed. */
function addFollowUp(parts: Parts, runtimeId: string, entry: RunnerEntry & { kind: "turn_started" }) {
  const before = parts.turns.newestStarted() ?? parts.turns.newest();
  return parts.turns.add({
    turn_id: entry.turn_id,
    origin: "follow_up",
    status: "queued",
    prompt: "",
    options: withoutFiles(before?.options ?? { timeout_seconds: 3600 }),
    permission_mode: before?.permission_mode ?? "default",
    allow_bypass: before?.allow_bypass ?? false,
    idempotency_key: null,
    submitted_cursor: parts.events.cursor(),
    runtime_id: runtimeId,
    created_at: parts.clock.nowIso(),
  });
}

/** A prompt's files went to Claude Code with it; what follows brings none. */
function withoutFiles(options: TurnOptions): TurnOptions {
  return { ...options, attachments: [] };
}

function findAttachment(turn: TurnRow, refused: AttachmentProblem | undefined) {
  if (refused === undefined) return null;
  return { file: turn.options.attachments?.[refused.index] ?? null, problem: refused.problem };
}

function totalsOf({ sessions }: Parts, result: CliResult | null): CliTotals | null {
  if (result === null) return null;
  return { cli_total_usd: result.total_cost_usd, cli_usage: result.model_usage ?? sessions.get().cli_usage };
}

/** True when the turn was open until now: an end that comes twice, or late, changes nothing. */
function endTurn(parts: Parts, log: SessionLog, entry: RunnerEntry & { kind: "turn_ended" }): boolean {
  const turn = parts.turns.get(entry.turn_id);
  if (turn === null || turn.ended_at !== null) return false;
  const end = decideTurnEnd({
    reason: entry.reason,
    result: entry.result,
    exitCode: entry.exit_code,
    signal: entry.signal,
    cliTotalUsdBefore: parts.sessions.get().cli_total_usd,
    isFollowUp: turn.origin === "follow_up",
    refusal: parts.refusals.of(turn.turn_id),
    structured: judgeStructured(turn.options.output_schema, entry.result),
    attachment: findAttachment(turn, entry.attachment),
  });
  if (entry.attached_bytes !== undefined) parts.turns.setAttachedBytes(turn.turn_id, entry.attached_bytes);
  log.turnEnded(turn, end, { stderr_tail: entry.stderr_tail, cliTotals: totalsOf(parts, entry.result) });
  return true;
}
