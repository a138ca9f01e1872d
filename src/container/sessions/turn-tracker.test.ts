import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EntrySpool, NewEntry } from "../events/entry-spool.ts";
import { createTurnTracker } from "./turn-tracker.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a turn for which no process is ever found", () => {
  it.each([
    ["timed_out", 100_000],
    ["interrupted", 0],
  ] as const)("ends as %s all the same, once [runner.turn_end]", (reason, waitMs) => {
    const entries: NewEntry[] = [];
    const turns = createTurnTracker({
      record: (entry) => void entries.push(entry),
    } as Partial<EntrySpool> as EntrySpool);
    const turnId = randomUUID();
    turns.begin(turnId, { timeoutSeconds: 100, silenceSeconds: 600 });
    vi.advanceTimersByTime(waitMs);
    if (reason === "interrupted") turns.stop(turnId, reason);
    expect(turns.running()?.stop).toBe(reason);
    vi.advanceTimersByTime(10_000);
    expect(turns.running()).toBeNull();
    expect(entries.filter(({ kind }) => kind === "turn_ended")).toMatchObject([{ turn_id: turnId, reason }]);
    vi.advanceTimersByTime(200_000);
    expect(entries).toHaveLength(2);
  });
});
