import { describe, expect, it } from "vitest";
import { inSession, turnEnd, type TestWorld } from "./session-fixture.ts";

async function running(world: TestWorld) {
  const { turnId, runner } = await world.begin("first");
  await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
  return { turnId, runner };
}
const value = (answer: ReturnType<TestWorld["submit"]>) => {
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
};

describe("a prompt to a busy session", () => {
  it("joins the running turn when it steers, once, and the log says so [session.if_busy]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await running(world);
      const wish = { prompt: "also this", if_busy: "steer", idempotency_key: "k" } as const;
      const joined = value(world.submit(wish));
      expect(joined).toMatchObject({ turn_id: turnId, steered: true });
      expect(value(world.submit(wish))).toEqual(joined);
      await world.session.driver.drive();
      await world.session.driver.drive();
      expect(runner.steered).toMatchObject([{ turn_id: turnId, prompt: "also this" }]);
      const events = world.session.events.page(0, { maxEvents: 100, maxBytes: 1e6 });
      expect(events.filter((event) => event.type === "turn_steered")).toMatchObject([
        { data: { prompt: "also this" } },
      ]);
      expect(world.session.turns.count()).toBe(1);
    });
  });

  it("becomes a turn of its own when the turn that it wanted to join ends first [session.if_busy]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await running(world);
      runner.takesSteers = false;
      value(world.submit({ prompt: "too late", if_busy: "steer" }));
      await world.session.driver.drive();
      expect(world.session.turns.count()).toBe(1);
      await runner.say(turnEnd(turnId));
      await world.settle();
      expect(runner.started.map((turn) => turn.prompt)).toEqual(["first", "too late"]);
    });
  });

  it("is an ordinary one when nothing runs, waits by default, and comes back when that was asked [session.if_busy]", async () => {
    await inSession(async (world) => {
      expect(value(world.submit({ if_busy: "refuse", prompt: "first" })).steered).toBe(false);
      expect(world.submit({ if_busy: "refuse" })).toMatchObject({ error: { code: "session_busy" } });
      await world.session.driver.drive();
      expect(value(world.submit({ prompt: "later" }))).toMatchObject({ steered: false });
      expect(world.session.turns.count()).toBe(2);
    });
  });
});

describe("a session's model and permission mode", () => {
  it("hold for later turns that say nothing else, and for the one that runs [session.options]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await running(world);
      const set = await world.session.setOptions({ model: "claude-haiku-5", permission_mode: "plan" });
      expect(set).toEqual({ model: "claude-haiku-5", permission_mode: "plan", applied_to_live: true });
      expect(runner.liveOptions).toEqual([{ model: "claude-haiku-5", permission_mode: "plan" }]);
      await runner.say(turnEnd(turnId));
      await world.settle();
      expect(await world.session.setOptions({ model: "claude-opus-5" })).toMatchObject({ applied_to_live: false });
      value(world.submit({ prompt: "second" }));
      await world.session.driver.drive();
      expect(runner.started.at(-1)).toMatchObject({ model: "claude-opus-5", permission_mode: "plan" });
      await runner.say(turnEnd(runner.started.at(-1)!.turn_id));
      await world.settle();
      const options = { model: "claude-sonnet-5", permission_mode: "bypassPermissions", timeout_seconds: 60 } as const;
      value(world.submit({ prompt: "third", options }));
      await world.session.driver.drive();
      expect(runner.started.at(-1)).toMatchObject({ model: "claude-sonnet-5", permission_mode: "acceptEdits" });
    });
  });
});
