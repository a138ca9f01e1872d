import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import { inSession, turnEnd, type TestWorld } from "./session-fixture.ts";

/** The alarm, with one task due now. */
async function ring(world: TestWorld, task: "watch" | "rest" | "drive"): Promise<void> {
  for (const other of ["watch", "rest", "drive", "outbox"] as const) world.session.alarms.cancel(other);
  world.session.alarms.schedule(task, world.session.clock.nowMs() - 1);
  await runSessionTasks(world.session, env.DB, { info: () => {}, error: (event) => world.logged.push(event) });
}

describe("the session's alarm", () => {
  it("lets a link that answers be, and looks again in less than 20 s [objects.alarm]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      await ring(world, "watch");
      expect(runner.hellos).toHaveLength(1);
      expect(world.session.alarms.dueAt("watch")! - Date.now()).toBeLessThan(20_000);
    });
  });

  it("dials again when the link does not answer, and does not begin the turn again [recovery.reattach]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      runner.answersPings = false;
      const ringing = ring(world, "watch");
      setTimeout(() => (runner.answersPings = true), 4_000);
      await ringing;
      await expect.poll(() => runner.hellos.length, { timeout: 5_000 }).toBe(2);
      expect(runner.started).toHaveLength(1);
      expect(world.session.turns.get(turnId)?.status).toBe("running");
    });
  });

  it("lets go of the link once nothing is going on, and not before [objects.alarm]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await ring(world, "rest");
      expect(world.session.connection.current()).not.toBeNull();
      await runner.say(turnEnd(turnId));
      await world.settle();
      expect(world.session.alarms.dueAt("rest")).not.toBeNull();
      await ring(world, "rest");
      expect(world.session.connection.current()).toBeNull();
    });
  });

  it("begins a prompt that nobody drove [objects.alarm]", async () => {
    await inSession(async (world) => {
      const submitted = world.submit();
      await ring(world, "drive");
      await expect.poll(() => world.runner?.started.length).toBe(1);
      expect(submitted.ok).toBe(true);
      expect(world.session.alarms.dueAt("drive")).not.toBeNull();
    });
  });
});
