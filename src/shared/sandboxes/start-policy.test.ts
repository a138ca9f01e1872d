import { describe, expect, it } from "vitest";
import { decideStart } from "./start-policy.ts";

const decide = (failures: number, sinceMs: number, random = 0.5) =>
  decideStart({ failures, lastFailedAtMs: 1_000_000, nowMs: 1_000_000 + sinceMs, random });

describe("starting a sandbox", () => {
  it.each([
    [0, 0, { action: "start" }],
    [1, 0, { action: "wait", ms: 500 }],
    [1, 200, { action: "wait", ms: 300 }],
    [1, 500, { action: "start" }],
    [2, 0, { action: "wait", ms: 1000 }],
    [3, 0, { action: "refuse", ms: 30_000 }],
    [3, 29_000, { action: "refuse", ms: 1000 }],
    [3, 30_000, { action: "start" }],
    [4, 30_000, { action: "refuse", ms: 30_000 }],
    [50, 0, { action: "refuse", ms: 600_000 }],
  ] as const)(
    "after %d failures, %d ms after the last, is %j [workspace.start_retry]",
    (failures, sinceMs, decision) => {
      expect(decide(failures, sinceMs)).toEqual(decision);
    },
  );

  it("spreads the pauses of those that failed together [workspace.start_retry]", () => {
    expect(decide(1, 0, 0)).toEqual({ action: "wait", ms: 250 });
    expect(decide(1, 0, 1)).toEqual({ action: "wait", ms: 750 });
  });
});
