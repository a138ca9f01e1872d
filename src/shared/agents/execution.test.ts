import { describe, expect, it } from "vitest";
import { elapsedSeconds, executionStatus, median, summarizeExecutions } from "./execution.ts";

const completed = (is_error: boolean) => ({ status: "completed" as const, result: { is_error } });

describe("an execution's status", () => {
  it.each([
    ["queued", null, "queued"],
    ["ended", null, "cancelled"],
    ["starting", { status: "queued", result: null }, "queued"],
    ["running", { status: "running", result: null }, "running"],
    ["waiting_for_permission", { status: "running", result: null }, "waiting_for_permission"],
    ["idle", completed(false), "completed"],
    ["ended", completed(false), "completed"],
    ["idle", completed(true), "failed"],
    ["budget_exceeded", completed(true), "budget_exceeded"],
    ["budget_exceeded", { status: "failed", result: null }, "budget_exceeded"],
    ["idle", { status: "failed", result: null }, "failed"],
    ["idle", { status: "interrupted", result: null }, "cancelled"],
  ] as const)("of a session that is %s with its turn %o is %s [agents.executions]", (session, turn, status) => {
    expect(executionStatus(session, turn)).toBe(status);
  });
});

describe("an agent's executions on the whole", () => {
  const ended = (status: "completed" | "failed" | "cancelled", seconds: number, cost_usd: number | null) => ({
    status,
    started_at: "2026-01-01T00:00:00.000Z",
    ended_at: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(),
    cost_usd,
  });
  it("leave out what was cancelled, what runs, and costs that nobody knows [agents.executions]", () => {
    const running = { status: "running" as const, started_at: null, ended_at: null, cost_usd: 9 };
    const all = [
      ended("completed", 10, 1),
      ended("completed", 30, null),
      ended("failed", 20, 3),
      ended("cancelled", 999, 99),
      running,
    ];
    expect(summarizeExecutions(all)).toEqual({
      executions: 5,
      running: 1,
      success_rate: 2 / 3,
      median_seconds: 20,
      median_cost_usd: 2,
    });
    expect(summarizeExecutions([running])).toMatchObject({
      success_rate: null,
      median_seconds: null,
      median_cost_usd: null,
    });
  });

  it("have a median between the two in the middle", () => {
    expect([median([]), median([3]), median([1, 9, 2]), median([4, 1, 2, 3])]).toEqual([null, 3, 2, 2.5]);
  });

  it("take time until now while they run", () => {
    const started_at = "2026-01-01T00:00:00.000Z";
    expect(elapsedSeconds({ started_at: null, ended_at: null }, 5)).toBeNull();
    expect(elapsedSeconds({ started_at, ended_at: null }, Date.UTC(2026, 0, 1) + 1500)).toBe(1.5);
  });
});
