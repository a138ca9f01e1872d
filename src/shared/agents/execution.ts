// Executions: a session that runs as an agent. How one stands, and how an agent's went on the whole.
import { z } from "zod";
import type { SessionStatus, TurnStatus } from "../sessions/schema.ts";

export const EXECUTION_STATUSES = [
  "queued",
  "running",
  "waiting_for_permission",
  "completed",
  "failed",
  "cancelled",
  "budget_exceeded",
] as const;
export const executionStatusSchema = z.enum(EXECUTION_STATUSES);
export type ExecutionStatus = z.infer<typeof executionStatusSchema>;

type Turn = { status: TurnStatus; result: { is_error: boolean } | null };

/** `turn` is the one that runs, else the one that waits, else the newest. */
export function executionStatus(session: SessionStatus, turn: Turn | null): ExecutionStatus {
  if (turn === null) return session === "ended" || session === "failed" ? "cancelled" : "queued";
  switch (turn.status) {
    case "queued":
      return "queued";
    case "running":
      return session === "waiting_for_permission" ? session : "running";
    case "interrupted":
      return "cancelled";
    case "failed":
      return session === "budget_exceeded" ? session : "failed";
    case "completed":
      return turn.result?.is_error === true ? failedBy(session) : "completed";
  }
}

const failedBy = (session: SessionStatus): ExecutionStatus =>
  session === "budget_exceeded" ? "budget_exceeded" : "failed";

export type ExecutionFigures = {
  status: ExecutionStatus;
  started_at: string | null;
  ended_at: string | null;
  /** Null while unknown. */
  cost_usd: number | null;
};

export type ExecutionStatistics = {
  executions: number;
  running: number;
  /** Of those that ended by themselves; null where none has. */
  success_rate: number | null;
  median_seconds: number | null;
  median_cost_usd: number | null;
};

/** One that a person cancelled says nothing about the agent. */
export function summarizeExecutions(all: readonly ExecutionFigures[]): ExecutionStatistics {
  const settled = all.filter(({ status }) => SETTLED.includes(status));
  const completed = settled.filter(({ status }) => status === "completed").length;
  return {
    executions: all.length,
    running: all.filter(({ status }) => status !== "cancelled" && !SETTLED.includes(status)).length,
    success_rate: settled.length === 0 ? null : completed / settled.length,
    median_seconds: median(settled.flatMap((one) => elapsedSeconds(one) ?? [])),
    median_cost_usd: median(settled.flatMap(({ cost_usd }) => cost_usd ?? [])),
  };
}

const SETTLED: readonly ExecutionStatus[] = ["completed", "failed", "budget_exceeded"];

/** Null before its start; until its end when that is known, else until `nowMs`. */
export function elapsedSeconds(
  { started_at, ended_at }: Pick<ExecutionFigures, "started_at" | "ended_at">,
  nowMs?: number,
): number | null {
  if (started_at === null) return null;
  const endMs = ended_at === null ? nowMs : Date.parse(ended_at);
  return endMs === undefined ? null : Math.max(0, endMs - Date.parse(started_at)) / 1000;
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
