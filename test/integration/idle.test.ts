// What an idle session holds: nothing that keeps its object in memory.
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import type { Answer } from "../../src/shared/errors/app-error.ts";
import type { SessionView } from "../../src/shared/rpc/session-api.ts";
import { LINK_LINGER_MS } from "../../src/shared/sleeping/sleep-policy.ts";
import { inSession, newId, type TestWorld, turnEnd } from "./session-fixture.ts";

async function endTurn(world: TestWorld): Promise<void> {
  const { turnId, runner } = await world.begin();
  await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
  await runner.say(turnEnd(turnId));
  await world.settle();
}

async function ringDue(world: TestWorld): Promise<void> {
  await runSessionTasks(world.session, env.DB, { info: () => {}, error: (event) => world.logged.push(event) });
}

/** All alarms until none is left. */
async function ringAll(world: TestWorld): Promise<void> {
  for (let rings = 0; rings < 20; rings++) {
    const [row] = world.storage.sql.exec("SELECT min(due_at) AS next FROM due").toArray();
    if (typeof row?.["next"] !== "number") return;
    world.aheadMs += Math.max(0, row["next"] - world.session.clock.nowMs());
    await ringDue(world);
  }
  throw new Error("alarms go on");
}

describe("an idle session", () => {
  it("holds no connection, no waiter, no watcher and no alarm once what it owed is delivered [sleeping.link]", async () => {
    await inSession(async (world) => {
      await endTurn(world);
      const closed = new Promise((resolve) => world.runner!.sockets[0]?.addEventListener("close", resolve));
      expect(world.session.connection.current()).not.toBeNull();
      world.aheadMs += LINK_LINGER_MS - 1_000;
      await ringDue(world);
      expect(world.session.connection.current()).not.toBeNull();
      await ringAll(world);
      await closed;
      const { connection, bell, watchers, outbox, turns } = world.session;
      expect([connection.current(), connection.openedAtMs()]).toEqual([null, null]);
      expect([bell.waiters(), watchers.isWatched()]).toEqual([0, false]);
      expect([outbox.pending(1), turns.unreleased()]).toEqual([[], []]);
      expect(await world.storage.getAlarm()).toBeNull();
    });
  });

  it("keeps its connection while a background task runs [sleeping.link]", async () => {
    await inSession(async (world) => {
      await endTurn(world);
      await world.runner!.say({ kind: "background_tasks_changed", running: 1 });
      world.aheadMs += 2 * LINK_LINGER_MS;
      await ringDue(world);
      expect(world.session.connection.current()).not.toBeNull();
      expect(world.session.alarms.dueAt("watch")).not.toBeNull();
    });
  });

  const QUESTIONS: Record<string, (world: TestWorld) => Promise<unknown>> = {
    "its tasks": ({ session }) => session.tasks.list(),
    "the end of a task": ({ session }) => session.tasks.stop("b1"),
    "what a task wrote": ({ session }) => session.tasks.output("b1"),
    "its processes": ({ session }) => session.processes.list(),
    "the end of a process": ({ session }) => session.processes.kill({ pid: 1, force: false }),
  };

  it.each(Object.keys(QUESTIONS))(
    "lets go again of the connection that was dialled for %s [sleeping.link]",
    async (name) => {
      await inSession(async (world) => {
        const ask = QUESTIONS[name]!;
        await endTurn(world);
        const restsAfter = async (why: string) => {
          await ringAll(world);
          expect(world.session.connection.current(), why).toBeNull();
          await ask(world).catch(() => {});
          expect(world.session.connection.current(), why).not.toBeNull();
          await ringAll(world);
          expect(world.session.connection.current(), why).toBeNull();
        };
        await restsAfter("idle");
        // What the object cannot read.
        world.runner!.tasks = null as never;
        world.runner!.processes = null as never;
        await restsAfter("the runner fails");
        world.session.log.write(() => world.session.log.sessionEnded("ended on request"));
        await restsAfter("ended");
      });
    },
  );

  it("keeps the connection for a while after each question [sleeping.link]", async () => {
    await inSession(async (world) => {
      await endTurn(world);
      await ringAll(world);
      for (let asked = 0; asked < 3; asked++) {
        await world.session.tasks.list();
        world.aheadMs += LINK_LINGER_MS - 1_000;
        await ringDue(world);
        expect(world.session.connection.current()).not.toBeNull();
      }
      expect(world.runner!.hellos).toHaveLength(2);
    });
  });

  it("dials again for its next prompt, in the same runtime, and begins nothing anew [sleeping.link]", async () => {
    await inSession(async (world) => {
      await endTurn(world);
      await ringAll(world);
      const { turnId, runner } = await world.begin("and on");
      expect(runner.hellos).toHaveLength(2);
      expect(runner.started.at(-1)?.turn_id).toBe(turnId);
    });
  });

  it("leaves memory and comes back as it was [sleeping.link]", async () => {
    const principal = { user_id: newId(), team_id: newId(), role: "owner" } as const;
    const session_id = newId();
    const stub = env.SESSION.getByName(session_id);
    const project = { project_id: newId(), name: "p", workspace_id: newId(), branch: "main", git_url: null };
    await stub.submit({
      principal,
      session_id,
      must_exist: false,
      project,
      prompt: "hi",
      options: { timeout_seconds: 60 },
      ceiling: { permission_mode: "acceptEdits" },
      idempotency_key: null,
      if_busy: "queue",
    });
    const statusNow = async () => {
      const view = (await stub.getSession(principal)) as Answer<SessionView>;
      return view.ok ? view.value.session.status : view.error.code;
    };
    await expect.poll(statusNow, { timeout: 20_000 }).toBe("idle");
    const before = await stub.getSession(principal);
    const begun = Date.now();
    await evictDurableObject(stub);
    expect(Date.now() - begun).toBeLessThan(5_000);
    expect(await stub.getSession(principal)).toEqual(before);
  });
});

describe("a turn whose runtime is gone", () => {
  it("gives back its lease and its slot with it [team.slots]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      expect(world.releasedSlots).toEqual([]);
      world.runner = null;
      world.session.driver.loseRuntime();
      world.session.drive();
      await world.settle();
      expect([world.released, world.releasedSlots]).toEqual([[turnId], [turnId]]);
    });
  });

  it("tells who waits its place, and the new one when it changes [team.slots]", async () => {
    await inSession(async (world) => {
      world.slotFree = false;
      world.slotPosition = 3;
      world.submit();
      await world.session.driver.drive();
      expect(world.session.sessions.get().status_reason).toContain("running turns of the team to end, place 3");
      world.slotPosition = 1;
      await world.session.driver.drive();
      expect(world.session.reader.view().turn?.reason).toContain("place 1");
    });
  });
});
