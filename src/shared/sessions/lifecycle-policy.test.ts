import { describe, expect, it } from "vitest";
import { decideAttach, decideDriveStep, deriveStatus, UNREACHABLE_LIMIT_MS } from "./lifecycle-policy.ts";

const idle = { ended: false, openTurns: 0, queuedTurns: 0, linkLive: false, backgroundTasks: 0, wakeRequested: false };

describe("decideDriveStep", () => {
  it.each([
    [{}, "rest"],
    [{ queuedTurns: 1 }, "begin"],
    [{ queuedTurns: 1, linkLive: true }, "begin"],
    [{ openTurns: 1 }, "attach"],
    [{ openTurns: 1, linkLive: true, queuedTurns: 3 }, "watch"],
    [{ wakeRequested: true }, "attach"],
    [{ backgroundTasks: 2 }, "attach"],
    [{ backgroundTasks: 2, linkLive: true }, "watch"],
    [{ ended: true, openTurns: 1, queuedTurns: 1, backgroundTasks: 1 }, "rest"],
    [{ ended: true, wakeRequested: true }, "attach"],
    [{ ended: true, wakeRequested: true, linkLive: true }, "rest"],
  ] as const)("with %j it is %s", (facts, step) => {
    expect(decideDriveStep({ ...idle, ...facts })).toBe(step);
  });
});

describe("decideAttach", () => {
  const runtimeId = "r1";
  it.each([
    [{ state: "gone" }, 0, "lost"],
    [{ state: "running", runtime_id: "r1" }, 0, "connect"],
    [{ state: "running", runtime_id: "r2" }, 0, "lost"],
    [{ state: "unreachable" }, UNREACHABLE_LIMIT_MS - 1, "retry"],
    [{ state: "unreachable" }, UNREACHABLE_LIMIT_MS, "lost"],
  ] as const)("with %j after %d ms it is %s", (lookup, unreachableForMs, decision) => {
    expect(decideAttach({ lookup, runtimeId, unreachableForMs })).toBe(decision);
  });
});

describe("deriveStatus", () => {
  const facts = {
    current: "idle",
    runningTurn: false,
    handedOverTurn: false,
    queuedTurn: false,
    backgroundTasks: 0,
    budgetExceeded: false,
    asksPerson: false,
  } as const;
  it.each([
    [{}, "idle"],
    [{ queuedTurn: true }, "queued"],
    [{ queuedTurn: true, current: "starting" }, "starting"],
    [{ handedOverTurn: true }, "starting"],
    [{ handedOverTurn: true, runningTurn: true }, "running"],
    [{ runningTurn: true, asksPerson: true }, "waiting_for_permission"],
    [{ runningTurn: true, current: "waiting_for_permission" }, "running"],
    [{ backgroundTasks: 1 }, "running"],
    [{ budgetExceeded: true }, "budget_exceeded"],
    [{ budgetExceeded: true, queuedTurn: true }, "queued"],
    [{ runningTurn: true, current: "ended" }, "ended"],
  ] as const)("with %j it is %s", (wish, status) => {
    expect(deriveStatus({ ...facts, ...wish })).toBe(status);
  });
});
