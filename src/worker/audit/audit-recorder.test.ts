import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditFact } from "../../shared/audit/entry.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createAuditRecorder } from "./audit-recorder.ts";

type State = "there" | "away" | "hangs";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const newUuid = () => crypto.randomUUID();
const TARGET = newUuid();
const EVENT = { action: "tool.x", target_kind: "session", target_id: TARGET, decided_by: "owner", details: {} };
const ACTOR = { team_id: newUuid(), user_id: newUuid(), client_id: "client" };

function createWorld() {
  const world = { state: "there" as State, announced: [] as string[], appended: [] as AuditFact[], done: 0 };
  const lines: Record<string, unknown>[] = [];
  const behind: Promise<unknown>[] = [];
  const answer = (take: () => void): Promise<void> => {
    if (world.state === "hangs") return new Promise(() => {});
    if (world.state === "away") return Promise.reject(new Error("the Team object is away"));
    take();
    return Promise.resolve();
  };
  const recorder = createAuditRecorder({
    team: () => ({
      announceAudit: (_team, { entry_id }) => answer(() => world.announced.push(entry_id)),
      appendAudit: (_team, facts) => answer(() => world.appended.push(...facts)),
    }),
    newId: newUuid,
    now: () => new Date(),
    waitUntil: (work) => void behind.push(work),
    logger: createLogger({ sink: (_level, line) => void lines.push(JSON.parse(line)), newEventId: newUuid }),
  });
  const work = async (): Promise<void> => void (world.done += 1);
  const settle = async (): Promise<void> => {
    await vi.runAllTimersAsync();
    await Promise.all(behind);
  };
  return { world, lines, recorder, work, settle };
}

describe("what is done while the audit log is there", () => {
  it("is announced, done and told with its outcome, whatever it is [audit.recorded]", async () => {
    const { world, recorder, work, lines } = createWorld();
    for (const record of [recorder.around, recorder.stopping]) {
      await record(ACTOR, EVENT, work);
      const refuse = () => Promise.reject(new AppError("session_ended", "It has ended."));
      await expect(record(ACTOR, EVENT, refuse)).rejects.toThrow("It has ended.");
    }
    expect(world.appended.map(({ outcome }) => outcome)).toEqual(["done", "session_ended", "done", "session_ended"]);
    expect(world.announced).toEqual(world.appended.map(({ entry_id }) => entry_id));
    expect([world.done, lines]).toEqual([2, []]);
  });
});

describe.each(["away", "hangs"] as const)("while the audit log %s", (state) => {
  it("nothing is done that has to be in it, and the call comes back soon [audit.closed]", async () => {
    const { world, recorder, work, settle } = createWorld();
    world.state = state;
    const refused = recorder.around(ACTOR, EVENT, work).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await refused).toMatchObject({ code: "audit_unavailable" });
    expect(world.done).toBe(0);
    // An announcement that came through without an answer gets its true end.
    world.state = "there";
    await settle();
    expect(world.appended).toMatchObject([{ action: "tool.x", outcome: "audit_unavailable" }]);
  });

  it("what stops something is done within two seconds, and told once the log is back [audit.stopping]", async () => {
    const { world, recorder, work, settle, lines } = createWorld();
    world.state = state;
    const stopped = recorder.stopping(ACTOR, EVENT, work, () => ({ details: { stopped: true } }));
    await vi.advanceTimersByTimeAsync(2_000);
    await stopped;
    expect(world.done).toBe(1);
    expect(lines).toMatchObject([{ event: "audit_not_announced", action: "tool.x", target_id: TARGET }]);
    expect(lines[0]?.["event_id"]).toEqual(expect.any(String));
    world.state = "there";
    await settle();
    expect(world.appended).toMatchObject([
      { entry_id: lines[0]?.["entry_id"], outcome: "done", details: { stopped: true } },
    ]);
    expect(lines).toHaveLength(1);
  });

  it("an entry is tried again for a while, and a line stays of what was never taken [audit.stopping]", async () => {
    const { world, recorder, work, settle, lines } = createWorld();
    world.state = state;
    const stopped = recorder.stopping(ACTOR, { ...EVENT, target_kind: "name", target_id: "my secret plan" }, work);
    await settle();
    await stopped;
    expect(world.appended).toEqual([]);
    expect(lines.map(({ event }) => event)).toEqual(["audit_not_announced", "audit_not_told"]);
    expect(lines[1]).toMatchObject({ team_id: ACTOR.team_id, user_id: ACTOR.user_id, outcome: "done" });
    expect(lines[1]?.["event_id"]).toEqual(expect.any(String));
    expect(JSON.stringify(lines)).not.toContain("secret plan");
  });

  it("an outcome that it did not take keeps nobody waiting, and is told again [audit.closed]", async () => {
    const { world, recorder, settle, lines } = createWorld();
    const done = recorder.around(ACTOR, EVENT, async () => void (world.state = state));
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    world.state = "there";
    await settle();
    expect(world.appended).toMatchObject([{ entry_id: world.announced[0], outcome: "done" }]);
    expect(lines).toMatchObject([{ event: "audit_outcome_not_told" }]);
  });

  it("nobody is signed in, and the log says so when it is back [audit.closed]", async () => {
    const { world, recorder, settle } = createWorld();
    world.state = state;
    const refused = recorder.note(ACTOR, EVENT).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await refused).toMatchObject({ code: "audit_unavailable" });
    world.state = "there";
    await settle();
    expect(world.appended).toMatchObject([{ outcome: "audit_unavailable" }]);
  });
});
