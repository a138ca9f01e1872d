import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import { inSession, newId, turnEnd, type TestWorld } from "./session-fixture.ts";

/** The alarm, with one task due now. */
async function ring(world: TestWorld, task: "watch" | "rest" | "drive"): Promise<void> {
  for (const other of ["watch", "rest", "drive", "outbox"] as const) world.session.alarms.cancel(other);
  world.session.alarms.schedule(task, world.session.clock.nowMs() - 1);
  await runSessionTasks(world.session, env.DB, { info: () => {}, error: (event) => world.logged.push(event) });
}

async function passToNextAlarm(world: TestWorld): Promise<void> {
  const due = world.storage.sql.exec<{ next: number }>("SELECT min(due_at) AS next FROM due").one();
  world.aheadMs += Math.max(0, due.next - world.session.clock.nowMs());
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

  it("renews the slots of turns that are under way [objects.alarm]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      world.slots.length = 0;
      await ring(world, "watch");
      expect(world.slots).toEqual([{ turn_id: turnId, ttl_seconds: 120, works: true }]);
      await runner.say(turnEnd(turnId));
      await world.settle();
      world.slots.length = 0;
      await ring(world, "watch");
      expect(world.slots).toEqual([]);
    });
  });

  it("renews the slot of a turn whose sandbox takes longer to start than a slot lasts [objects.alarm] [team.slots]", async () => {
    await inSession(async (world) => {
      const { session } = world;
      // Ahead of the object's real alarms, which are not what is tried here.
      world.aheadMs = 60 * 60_000;
      const started = Promise.withResolvers<void>();
      world.onStartAsked = () => started.promise;
      const submitted = world.submit();
      world.submit({ prompt: "the next one" });
      session.drive();
      await expect.poll(() => session.sessions.get().status).toBe("starting");
      const [slot] = world.slots;
      const begunMs = session.clock.nowMs();
      for (let renewedMs = begunMs; renewedMs < begunMs + 10 * 60_000; renewedMs = session.clock.nowMs()) {
        world.slots.length = 0;
        while (world.slots.length === 0) {
          await passToNextAlarm(world);
          expect(session.clock.nowMs() - renewedMs).toBeLessThan(slot!.ttl_seconds * 1000);
        }
        expect(new Set(world.slots.map(({ turn_id }) => turn_id))).toEqual(new Set([slot!.turn_id]));
      }
      started.resolve();
      await world.settle();
      expect(submitted).toMatchObject({ value: { turn_id: slot!.turn_id } });
      expect(world.runner!.started.map(({ turn_id }) => turn_id)).toEqual([slot!.turn_id]);
    });
  });

  it("takes no slot for a turn that waits for the lease, also one that was being started before [objects.alarm] [team.slots]", async () => {
    await inSession(async (world) => {
      const { session } = world;
      world.leaseHeldBy = newId();
      world.submit();
      await session.driver.drive();
      await ring(world, "drive");
      world.leaseHeldBy = null;
      world.refusedDials = 1;
      await session.driver.drive();
      expect(session.sessions.get().status).toBe("starting");
      world.leaseHeldBy = newId();
      await session.driver.drive();
      world.slots.length = 0;
      await ring(world, "drive");
      expect(world.slots).toEqual([]);
    });
  });
});

describe("a turn that the runner does not know to run", () => {
  async function beginStarted(world: TestWorld) {
    const begun = await world.begin();
    await begun.runner.say({ kind: "turn_started", turn_id: begun.turnId, origin: "prompt" });
    return begun;
  }

  it("is ended as failed when it is missing twice in a row, and the session takes the next prompt [recovery.turn_lost]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await beginStarted(world);
      await ring(world, "watch");
      expect(world.session.turns.get(turnId)?.status).toBe("running");
      await ring(world, "watch");
      expect(world.session.turns.get(turnId)).toMatchObject({ status: "failed" });
      expect(world.session.turns.get(turnId)?.reason).toContain("Send the prompt again");
      await world.settle();
      expect(world.released).toContain(turnId);
      const next = await world.begin("and now?");
      expect(runner.started.at(-1)?.turn_id).toBe(next.turnId);
    });
  });

  it("goes on when it was missing once, between two messages [recovery.turn_lost]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await beginStarted(world);
      await ring(world, "watch");
      runner.runningTurnId = turnId;
      await ring(world, "watch");
      runner.runningTurnId = null;
      await ring(world, "watch");
      expect(world.session.turns.get(turnId)?.status).toBe("running");
    });
  });

  it("goes on while the runner has said more than is stored here [recovery.turn_lost]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await beginStarted(world);
      const end = runner.entry(turnEnd(turnId));
      for (let looks = 0; looks < 3; looks++) await ring(world, "watch");
      expect(world.session.turns.get(turnId)?.status).toBe("running");
      await runner.send([end]);
      expect(world.session.turns.get(turnId)?.status).toBe("completed");
    });
  });
});

describe("a question about a tool", () => {
  it("gets its first answer again under the same request_id, whatever it asks by then, and is logged once [runner.gate]", async () => {
    await inSession(async (world) => {
      const submitted = world.submit({ options: { timeout_seconds: 60, allowed_tools: ["Read"] } });
      await world.session.driver.drive();
      const runner = world.runner!;
      const turn_id = submitted.ok ? submitted.value.turn_id : "";
      const ask = (request_id: string, tool_name: string) =>
        runner.host!.decidePermission({
          runtime_id: runner.runtimeId,
          request_id,
          turn_id,
          stage: "gate",
          tool_name,
          tool_use_id: null,
          permission_mode: "acceptEdits",
          tool_input: {},
        });
      const request_id = newId();
      const first = await ask(request_id, "Bash");
      expect(first).toMatchObject({ behavior: "deny" });
      runner.cut();
      await expect.poll(() => runner.hellos.length, { timeout: 5_000 }).toBe(2);
      expect(await ask(request_id, "Read")).toEqual(first);
      expect(await ask(newId(), "Read")).toEqual({ behavior: "no_rule" });
      const page = world.session.events.page(0, { maxEvents: 100, maxBytes: 100_000 });
      expect(page.filter(({ type }) => type === "permission_requested")).toHaveLength(1);
    });
  });
});
