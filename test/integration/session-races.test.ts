import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import { inSession, newId, TestRunner, turnEnd, type TestWorld } from "./session-fixture.ts";

const status = (world: TestWorld) => world.session.reader.view().session.status;
const question = (runtime_id: string, turn_id: string) => ({
  runtime_id,
  turn_id,
  request_id: newId(),
  stage: "gate" as const,
  tool_name: "Bash",
  tool_use_id: null,
  permission_mode: "acceptEdits" as const,
  tool_input: {},
});

describe("a session that is stopped while its turn begins", () => {
  it("stays ended, and its prompt never reaches the runner [session.end]", async () => {
    await inSession(async (world) => {
      world.onLeaseAsked = () => world.session.ender.end("ended on request");
      const { runner } = await world.begin();
      expect(status(world)).toBe("ended");
      expect(runner.started).toEqual([]);
      expect(world.submit()).toMatchObject({ error: { code: "session_ended" } });
    });
  });

  it("is idle again once its waiting prompt was cancelled [session.interrupt]", async () => {
    await inSession(async (world) => {
      world.onLeaseAsked = () => world.session.ender.interrupt();
      const { turnId, runner } = await world.begin();
      expect(world.session.turns.get(turnId)?.status).toBe("interrupted");
      expect(status(world)).toBe("idle");
      expect(runner.started).toEqual([]);
    });
  });
});

describe("a follow-up beside a prompt of its own session", () => {
  it("does not wait for the lease that the prompt holds, because the prompt waits for it [session.follow_up] [session.lease.order]", async () => {
    await inSession(async (world) => {
      const first = await world.begin();
      await first.runner.say({ kind: "background_tasks_changed", running: 1 }, turnEnd(first.turnId));
      await world.settle();
      first.runner.busy = true;
      const waiting = await world.begin("next");
      const followUp = newId();
      await first.runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" });
      world.leaseHeldBy = world.session.sessions.get().session_id;
      const decision = first.runner.host!.decidePermission(question(first.runner.runtimeId, followUp));
      expect(await decision).toEqual({ behavior: "no_rule" });
      expect(world.session.turns.get(waiting.turnId)?.status).toBe("queued");
    });
  });

  it("asks for no lease once it has ended, and gives back one that came too late [session.lease.order] [session.follow_up]", async () => {
    await inSession(async (world) => {
      const first = await world.begin();
      await first.runner.say({ kind: "background_tasks_changed", running: 1 }, turnEnd(first.turnId));
      await world.settle();
      const followUp = newId();
      await first.runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" });
      world.leaseHeldBy = newId();
      let asked = 0;
      const held = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      world.onLeaseAsked = () => {
        asked += 1;
        if (asked !== 2) return;
        reached.resolve();
        return held.promise;
      };
      const decision = first.runner
        .host!.decidePermission(question(first.runner.runtimeId, followUp))
        .catch(() => null);
      await reached.promise;
      // Its sandbox is gone while the Workspace object is asked; what it held was given back already.
      world.runner = null;
      first.runner.cut();
      world.session.driver.loseRuntime();
      world.session.drive();
      await world.settle();
      world.released.length = 0;
      held.resolve();
      await decision;
      await expect.poll(() => world.released).toEqual([followUp]);
      await scheduler.wait(2_500);
      expect(asked).toBe(2);
    });
  });

  it("is what an interrupt stops, for it is what runs [session.interrupt]", async () => {
    await inSession(async (world) => {
      const first = await world.begin();
      await first.runner.say({ kind: "background_tasks_changed", running: 1 }, turnEnd(first.turnId));
      await world.settle();
      first.runner.busy = true;
      await world.begin("next");
      const followUp = newId();
      await first.runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" });
      await world.session.ender.interrupt();
      expect(first.runner.interrupted).toEqual([followUp]);
    });
  });

  it("runs in the mode and with the tools of the turn that went before it, not of one that waits [session.follow_up]", async () => {
    await inSession(async (world) => {
      const submitted = world.submit({ options: { timeout_seconds: 60, allowed_tools: ["Read"] } });
      await world.session.driver.drive();
      const turnId = submitted.ok ? submitted.value.turn_id : "";
      const runner = world.runner!;
      const started = { kind: "turn_started", turn_id: turnId, origin: "prompt" } as const;
      await runner.say(started, { kind: "background_tasks_changed", running: 1 }, turnEnd(turnId));
      await world.settle();
      runner.busy = true;
      await world.begin("anything goes");
      const followUp = newId();
      await runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" });
      const decision = await runner.host!.decidePermission(question(runner.runtimeId, followUp));
      expect(decision).toMatchObject({ behavior: "deny" });
    });
  });

  it("is looked after although nothing else was going on [session.follow_up]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say(turnEnd(turnId));
      await world.settle();
      world.session.alarms.cancel("watch");
      await runner.say({ kind: "turn_started", turn_id: newId(), origin: "follow_up" });
      await world.settle();
      expect(world.session.alarms.dueAt("watch")).not.toBeNull();
    });
  });
});

describe("a sandbox that lost its files", () => {
  it("is named in the first turn's first event, also when the runner could not be reached at once [recovery.files_lost]", async () => {
    await inSession(async (world) => {
      world.filesLost = true;
      world.refusedDials = 1;
      const { turnId, runner } = await world.begin();
      await world.session.driver.drive();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, turnEnd(turnId));
      await world.settle();
      expect(world.session.turns.get(turnId)?.notes).toMatchObject([expect.stringContaining("files")]);
      const next = await world.begin("next");
      expect(world.session.turns.get(next.turnId)?.notes).toEqual([]);
    });
  });
});

describe("a session that ended while its runner could not be reached", () => {
  it("takes what the runner still has to say when it calls, and ends Claude Code there [session.end] [runner.wake]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      world.refusedDials = 1;
      world.session.connection.close();
      await world.session.ender.end("ended on request");
      await world.session.driver.drive();
      expect([runner.ended, runner.hellos.length]).toEqual([false, 1]);

      world.session.driver.requestWake();
      await world.session.driver.drive();
      expect([runner.ended, runner.hellos.length]).toEqual([true, 2]);
      await runner.say({ kind: "cli_exited", exit_code: 0, signal: null });
      expect(status(world)).toBe("ended");
      expect(world.session.alarms.dueAt("rest")).not.toBeNull();
    });
  });
});

describe("the link to a runner that is dialled", () => {
  /** An idle session without a link, whose runner lets the dialler wait until it is told to answer. */
  async function withSlowRunner(
    body: (world: TestWorld, runner: TestRunner, answerHellos: () => void) => Promise<void>,
  ): Promise<void> {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say(turnEnd(turnId));
      await world.settle();
      world.session.connection.close();
      runner.sockets.length = 0;
      const gate = Promise.withResolvers<void>();
      runner.readyForHello = gate.promise;
      await body(world, runner, gate.resolve);
    });
  }
  const dials = (runner: TestRunner, count: number) => expect.poll(() => runner.sockets.length).toBe(count);
  const closes = (socket: WebSocket | undefined) =>
    new Promise((resolve) => socket?.addEventListener("close", () => resolve("closed")));

  it("is the same for all who ask at once [sleeping.link]", async () => {
    await withSlowRunner(async ({ session: { connection } }, runner, answerHellos) => {
      const asked = [connection.open(runner.runtimeId), connection.open(runner.runtimeId)];
      await dials(runner, 1);
      asked.push(connection.open(runner.runtimeId));
      answerHellos();
      const links = await Promise.all(asked);
      expect(connection.current()).not.toBeNull();
      expect(new Set(links)).toEqual(new Set([connection.current()]));
      expect(runner.sockets).toHaveLength(1);
    });
  });

  it("is closed, and nobody's, when it was given up before the runner answered [sleeping.link]", async () => {
    await withSlowRunner(async ({ session: { connection, alarms } }, runner, answerHellos) => {
      alarms.cancel("rest");
      const asked = connection.open(runner.runtimeId);
      await dials(runner, 1);
      const closed = closes(runner.sockets[0]);
      connection.close();
      answerHellos();
      expect(await asked).toBeNull();
      expect(await closed).toBe("closed");
      expect([connection.current(), connection.openedAtMs(), alarms.dueAt("rest")]).toEqual([null, null, null]);
    });
  });

  it("gives way to the one to the next runtime [sleeping.link] [recovery.reattach]", async () => {
    await withSlowRunner(async (world, old, answerHellos) => {
      const { connection } = world.session;
      const toOld = connection.open(old.runtimeId);
      await dials(old, 1);
      const closed = closes(old.sockets[0]);
      const next = new TestRunner();
      world.runner = next;
      const toNext = await connection.open(next.runtimeId);
      answerHellos();
      expect(await toOld).toBeNull();
      expect(await closed).toBe("closed");
      expect(toNext?.runtimeId).toBe(next.runtimeId);
      expect(connection.current()).toBe(toNext);
    });
  });

  it("is not given up by an alarm that finds none yet [recovery.reattach] [sleeping.link]", async () => {
    await withSlowRunner(async (world, runner, answerHellos) => {
      const { session } = world;
      session.log.write(() => session.sessions.setBackgroundTasks(1));
      const asked = session.tasks.list();
      await dials(runner, 1);
      const ring = async (task: "watch" | "rest") => {
        session.alarms.reschedule(task, session.clock.nowMs() - 1);
        await runSessionTasks(session, env.DB, { info: () => {}, error: () => {} });
      };
      await ring("watch");
      session.log.write(() => session.sessions.setBackgroundTasks(0));
      await ring("rest");
      answerHellos();
      expect(await asked).toMatchObject({ checked: true });
      expect(runner.sockets).toHaveLength(1);
      await world.settle();
    });
  });
});
