import { describe, expect, it } from "vitest";
import {
  decideCli,
  decideRest,
  decideSandbox,
  isWorking,
  KEEP_EVERY_MS,
  LINK_LINGER_MS,
  LOOK_AGAIN_MS,
  type SandboxFacts,
  SILENT_LIMIT_MS,
  UNSAID_LIMIT_MS,
} from "./sleep-policy.ts";

const idle = { ended: false, openTurns: 0, queuedTurns: 0, backgroundTasks: 0 };

describe("the link of a session", () => {
  it("is held for a turn that runs or waits and for a background task, not for an ended session [sleeping.link]", () => {
    expect(isWorking(idle)).toBe(false);
    for (const work of [{ openTurns: 1 }, { queuedTurns: 1 }, { backgroundTasks: 1 }]) {
      expect(isWorking({ ...idle, ...work })).toBe(true);
      expect(isWorking({ ...idle, ...work, ended: true })).toBe(false);
      expect(decideRest({ ...idle, ...work }, 1000)).toBeNull();
    }
  });

  it("goes some seconds after the last work [sleeping.link]", () => {
    expect(decideRest(idle, 1000)).toBe(1000 + LINK_LINGER_MS);
    expect(decideRest({ ...idle, openTurns: 1, ended: true }, 1000)).toBe(1000 + LINK_LINGER_MS);
  });
});

describe("Claude Code's process", () => {
  it("ends when no prompt came for its time, and not while it works [sleeping.cli]", () => {
    const facts = { busy: false, usedAtMs: 1000, nowMs: 1000, idleMs: 500 };
    expect(decideCli(facts)).toEqual({ step: "look", inMs: 500 });
    expect(decideCli({ ...facts, nowMs: 1499 })).toEqual({ step: "look", inMs: 1 });
    expect(decideCli({ ...facts, nowMs: 1500 })).toEqual({ step: "end" });
    expect(decideCli({ ...facts, nowMs: 9999, busy: true })).toEqual({ step: "look", inMs: 500 });
  });
});

describe("a sandbox", () => {
  const hour = 60 * 60_000;
  const quiet = { busySessions: 0, unsaidSessions: 0 };
  const decide = (wish: Partial<SandboxFacts>) =>
    decideSandbox({
      running: true,
      leased: false,
      runner: quiet,
      silentSinceMs: null,
      hasFiles: false,
      kept: "unable",
      usedAtMs: 0,
      nowMs: hour,
      idleMs: hour,
      ...wish,
    });
  const look = { step: "look", atMs: hour + LOOK_AGAIN_MS };

  it("stops when nobody used it for its time and nothing would be lost [sleeping.sandbox]", () => {
    expect(decide({ running: false })).toEqual({ step: "none" });
    expect(decide({})).toEqual({ step: "stop" });
    expect(decide({ nowMs: hour - 1 })).toEqual({ step: "look", atMs: hour });
  });

  it("is kept, however long nobody used it, while its files are nowhere else [sleeping.sandbox]", () => {
    const nowMs = 1000 * hour;
    expect(decide({ hasFiles: true, nowMs })).toEqual({ step: "keep", atMs: nowMs + KEEP_EVERY_MS });
    expect(decide({ hasFiles: true, nowMs, runner: null })).toMatchObject({ step: "keep" });
  });

  it("is kept while its runner is too old to say what it has not stored yet [sleeping.sandbox] [runner.versions]", () => {
    const nowMs = 1000 * hour;
    const runner = { ...quiet, unsaidSessions: null };
    expect(decide({ runner, nowMs })).toEqual({ step: "keep", atMs: nowMs + KEEP_EVERY_MS });
  });

  it("never stops while a lease, a turn or a background task is alive [sleeping.sandbox]", () => {
    for (const nowMs of [hour, 1000 * hour]) {
      for (const wish of [{ leased: true }, { runner: { ...quiet, busySessions: 1 } }]) {
        expect(decide({ ...wish, nowMs })).toEqual({ step: "look", atMs: nowMs + LOOK_AGAIN_MS });
      }
    }
  });

  it("that does not answer, and nobody uses, is given up after an hour of it, and not one with a lease [sleeping.sandbox]", () => {
    const silentSinceMs = 100 * hour;
    const silent = { runner: null, silentSinceMs };
    const lookAgain = (nowMs: number) => ({ step: "look", atMs: nowMs + LOOK_AGAIN_MS });
    const due = silentSinceMs + SILENT_LIMIT_MS;
    expect(SILENT_LIMIT_MS).toBe(hour);
    expect(decide({ ...silent, nowMs: silentSinceMs })).toEqual(lookAgain(silentSinceMs));
    expect(decide({ ...silent, nowMs: due - 1 })).toEqual(lookAgain(due - 1));
    expect(decide({ ...silent, nowMs: due })).toEqual({ step: "stop" });
    expect(decide({ ...silent, nowMs: due, leased: true })).toEqual(lookAgain(due));
    expect(decide({ ...silent, nowMs: due, hasFiles: true })).toMatchObject({ step: "keep" });
    const usedAtMs = silentSinceMs + 1000;
    expect(decide({ ...silent, nowMs: due, usedAtMs, idleMs: 1 })).toMatchObject({ step: "look" });
    expect(decide({ ...silent, nowMs: due + 1000, usedAtMs, idleMs: 1 })).toEqual({ step: "stop" });
    expect(decide({ ...silent, nowMs: due, idleMs: 102 * hour })).toEqual({ step: "look", atMs: 102 * hour });
    expect(decide({ runner: null, nowMs: due })).toEqual(lookAgain(due));
  });

  it("whose files checkpoints keep sleeps like an empty one, and has what changed kept first [checkpoints.sleep]", () => {
    expect(decide({ hasFiles: true, kept: "unchanged" })).toEqual({ step: "stop" });
    expect(decide({ hasFiles: true, kept: "changed" })).toEqual({ step: "save" });
    expect(decide({ hasFiles: false, kept: "changed" })).toEqual({ step: "stop" });
    expect(decide({ hasFiles: true, kept: "changed", nowMs: hour - 1 })).toEqual({ step: "look", atMs: hour });
    expect(decide({ hasFiles: true, kept: "changed", leased: true })).toEqual(look);
    const silent = { hasFiles: true, runner: null, silentSinceMs: hour, nowMs: 3 * hour };
    expect(decide({ ...silent, kept: "unchanged" })).toEqual({ step: "stop" });
    expect(decide({ ...silent, kept: "changed" })).toMatchObject({ step: "keep" });
  });

  it("waits, for a day at most, until what its runner has to say was fetched [sleeping.sandbox]", () => {
    const runner = { ...quiet, unsaidSessions: 1 };
    expect(decide({ runner })).toEqual(look);
    expect(decide({ runner, nowMs: hour + UNSAID_LIMIT_MS })).toEqual({ step: "stop" });
  });
});
