import { describe, expect, it } from "vitest";
import { answer, failure } from "../../shared/errors/app-error.ts";
import type { SessionApi, WaitAnswer, WaitRequest } from "../../shared/rpc/session-api.ts";
import { WAIT_SLICE_MS, waitForTurn } from "./wait-for-turn.ts";

const principal = { user_id: "u", team_id: "t", role: "owner" } as const;
const request: WaitRequest = { principal, after_cursor: 3, wait_ms: 12_000, return_on: "turn", turn_id: null };

function setUp(settlesAfterMs: number) {
  let nowMs = 0;
  const asked: WaitRequest[] = [];
  const progress: number[] = [];
  const session = {
    async wait(wait: WaitRequest) {
      asked.push(wait);
      const untilSettled = settlesAfterMs - nowMs;
      nowMs += Math.min(wait.wait_ms, untilSettled);
      const found = { session: { status: "running", cursor: 5 }, settled: untilSettled <= wait.wait_ms };
      return answer(found as unknown as WaitAnswer);
    },
  } as unknown as SessionApi;
  const controller = new AbortController();
  const waiting = {
    reportProgress: async (seconds: number) => void progress.push(seconds),
    signal: controller.signal,
    nowMs: () => nowMs,
  };
  return { session, waiting, asked, progress, controller };
}

describe("waiting for a turn", () => {
  it("reports at once, goes on in slices and comes back when the turn has ended [tools.wait_for_session]", async () => {
    const { session, waiting, asked, progress } = setUp(7_000);
    expect((await waitForTurn(session, request, waiting)).settled).toBe(true);
    expect(asked.map(({ wait_ms }) => wait_ms)).toEqual([WAIT_SLICE_MS, WAIT_SLICE_MS]);
    expect(asked.every(({ after_cursor }) => after_cursor === 3)).toBe(true);
    expect(progress).toEqual([0, 5]);
  });

  it("comes back when time is up", async () => {
    const { session, waiting, asked } = setUp(60_000);
    expect((await waitForTurn(session, request, waiting)).settled).toBe(false);
    expect(asked.map(({ wait_ms }) => wait_ms)).toEqual([5_000, 5_000, 2_000]);
  });

  it("asks once and reports nothing when it is not to wait", async () => {
    const { session, waiting, asked, progress } = setUp(60_000);
    await waitForTurn(session, { ...request, wait_ms: 0 }, waiting);
    expect([asked.length, progress.length]).toEqual([1, 0]);
  });

  it("ends with the slice when nobody awaits the call any more", async () => {
    const { session, waiting, asked, controller } = setUp(60_000);
    controller.abort();
    await waitForTurn(session, request, waiting);
    expect(asked.length).toBe(1);
  });

  it("throws what the session refuses", async () => {
    const { waiting } = setUp(0);
    const session = { wait: async () => failure("session_not_found", "none") } as unknown as SessionApi;
    await expect(waitForTurn(session, request, waiting)).rejects.toMatchObject({ code: "session_not_found" });
  });
});
