import { describe, expect, it } from "vitest";
import {
  acknowledge,
  bytesOf,
  decideWatchStep,
  fitsWindow,
  readWatchCursor,
  WATCH_LIMITS,
  type WatchFacts,
} from "./watch-policy.ts";

const calm: WatchFacts = {
  behind: false,
  over: false,
  hasRoom: true,
  blockedSinceMs: null,
  openedAtMs: 0,
  nowMs: 1_000,
};
const step = (facts: Partial<WatchFacts>) => decideWatchStep({ ...calm, ...facts }, WATCH_LIMITS);

describe("a watcher's cursor", () => {
  it("is the Last-Event-ID before ?after, and the beginning without either [watching.cursor]", () => {
    expect(readWatchCursor("7", "3")).toBe(7);
    expect(readWatchCursor(null, "3")).toBe(3);
    expect(readWatchCursor(null, null)).toBe(0);
  });

  it.each(["", "-1", "1.5", "1e3", "abc", " 1", "9".repeat(16)])("is malformed as %j [watching.cursor]", (text) => {
    expect(readWatchCursor(text, null)).toBeNull();
    expect(readWatchCursor(null, text)).toBeNull();
  });
});

describe("what is due for a watcher", () => {
  it("is to be sent what it lacks, when there is room for it", () => {
    expect(step({ behind: true })).toBe("send");
    expect(step({ behind: true, hasRoom: false, blockedSinceMs: 900 })).toBe("wait");
    expect(step({})).toBe("wait");
  });

  it("is the end only once it has everything [watching.end]", () => {
    expect(step({ over: true, behind: true })).toBe("send");
    expect(step({ over: true })).toBe("end");
    expect(step({ over: true, hasRoom: false, blockedSinceMs: 900 })).toBe("wait");
  });

  it("is to be cut off when it took nothing for too long, and not sooner [watching.slow]", () => {
    const blocked = { hasRoom: false, blockedSinceMs: 1_000 };
    expect(step({ ...blocked, nowMs: 1_000 + WATCH_LIMITS.stallMs - 1 })).toBe("wait");
    expect(step({ ...blocked, nowMs: 1_000 + WATCH_LIMITS.stallMs })).toBe("cut_off_slow");
  });

  it("is to be cut off after an hour, so that its rights are looked at again [watching.rights]", () => {
    expect(step({ behind: true, nowMs: WATCH_LIMITS.maxWatchMs })).toBe("cut_off_expired");
  });
});

describe("a socket's window", () => {
  it("takes frames until it is full, and one that is larger than it alone", () => {
    expect(fitsWindow(0, WATCH_LIMITS.maxUnacknowledgedBytes * 2, WATCH_LIMITS)).toBe(true);
    expect(fitsWindow(1, WATCH_LIMITS.maxUnacknowledgedBytes - 1, WATCH_LIMITS)).toBe(true);
    expect(fitsWindow(2, WATCH_LIMITS.maxUnacknowledgedBytes - 1, WATCH_LIMITS)).toBe(false);
  });

  it("is free again up to what was acknowledged", () => {
    const inFlight = [1, 2, 3].map((seq) => ({ seq, bytes: 10 * seq }));
    expect(bytesOf(inFlight)).toBe(60);
    expect(bytesOf(acknowledge(inFlight, 2))).toBe(30);
    expect(acknowledge(inFlight, 3)).toEqual([]);
  });
});
