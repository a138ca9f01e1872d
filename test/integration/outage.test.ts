// Ten minutes without D1, without R2, or without the sandbox platform: whatever a session was doing, it goes on by itself.
import { describe, expect, it } from "vitest";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import type { SessionTask } from "../../src/durable-objects/sessions/compose-session.ts";
import { isWorking } from "../../src/shared/sleeping/sleep-policy.ts";
import { inSession, newId, type TestWorld, turnEnd } from "./session-fixture.ts";

const OUTAGE_MS = 10 * 60_000;
/** Alarms that are due within this time of each other are rung together, so that ten minutes pass in a moment. */
const STEP_MS = 4_000;

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Owed = { what: string; tasks: readonly SessionTask[] };

/** What the session still has to do, and which due times may see to it; empty when nothing is owed. */
function owed({ session }: TestWorld): Owed[] {
  const { status } = session.sessions.get();
  const over = status === "ended" || status === "failed";
  if (session.deleter.isRequested()) return session.deleter.isDone() ? [] : [{ what: "deletion", tasks: ["deletion"] }];
  const all: (Owed & { is: boolean })[] = [
    { what: "rows to D1", tasks: ["outbox"], is: session.outbox.pending(1).length > 0 },
    { what: "its turns or tasks", tasks: ["drive", "watch"], is: isWorking(session.workFacts()) },
    { what: "lease or slot", tasks: ["drive", "watch"], is: session.turns.unreleased().length > 0 },
    { what: "the end of its turns", tasks: ["drive"], is: over && session.turns.open().length > 0 },
    { what: "its archive", tasks: ["archive", "outbox"], is: over && session.events.liveCount() > 0 },
  ];
  return all.filter(({ is }) => is);
}

/** The rule that everything else rests on: something is owed, so an alarm is set. */
async function expectAlarm(world: TestWorld, when: string): Promise<void> {
  for (const { what, tasks } of owed(world)) {
    const due = tasks.filter((task) => world.session.alarms.dueAt(task) !== null);
    expect(due, `${what} owed, ${when}: nothing is due`).not.toEqual([]);
    expect(await world.storage.getAlarm(), `${what} owed, ${when}: no alarm`).not.toBeNull();
  }
}

function nextDue(world: TestWorld): number | null {
  const [row] = world.storage.sql.exec("SELECT min(due_at) AS next FROM due").toArray();
  return typeof row?.["next"] === "number" ? row["next"] : null;
}

/** Only alarms move the session from here on, each when it is due. */
async function pass(world: TestWorld, ms: number): Promise<void> {
  const { clock } = world.session;
  const end = clock.nowMs() + ms;
  const logger = { info: () => {}, error: (event: string) => void world.logged.push(event) };
  for (let next = nextDue(world); next !== null && next <= end; next = nextDue(world)) {
    world.aheadMs += Math.max(0, next + STEP_MS - clock.nowMs());
    await runSessionTasks(world.session, world.database, logger);
    // A drive is not waited for by its alarm; here it gets the time that it has in life.
    await later(8);
    await expectAlarm(world, `after an alarm, ${Math.round((end - clock.nowMs()) / 1000)} s before the end`);
    if (owed(world).length === 0 && world.down === null) return;
  }
  world.aheadMs += Math.max(0, end - clock.nowMs());
}

type State = {
  /** Brings the session there. */
  begin(world: TestWorld): Promise<void>;
  /** What others do once the outage is over; the session is not touched. */
  after?(world: TestWorld): Promise<void> | void;
  /** It has gone on. */
  over(world: TestWorld): void;
};

const turnOf = (world: TestWorld) => world.session.turns.newest()!;

/** Its prompt reached the runner, or it ended with a reason that says what to do. */
function expectTurnWentOn(world: TestWorld): void {
  const turn = turnOf(world);
  if (turn.ended_at === null) expect(world.runner?.started.map(({ turn_id }) => turn_id)).toContain(turn.turn_id);
  else expect(turn.reason).toMatch(/again/);
}

async function beginRunning(world: TestWorld): Promise<void> {
  const { turnId, runner } = await world.begin();
  await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
  runner.runningTurnId = turnId;
  await world.settle();
}

/** The runner has gone on meanwhile, and says so when it is connected again. */
async function sayTheEnd(world: TestWorld): Promise<void> {
  const runner = world.runner!;
  const { turn_id } = turnOf(world);
  await expect.poll(() => world.session.connection.current(), { timeout: 2_000 }).not.toBeNull();
  runner.runningTurnId = null;
  await runner.say(turnEnd(turn_id));
}

const expectAtRest = (world: TestWorld): void => {
  expect(turnOf(world).status).toBe("completed");
  expect(world.released).toContain(turnOf(world).turn_id);
  expect(owed(world)).toEqual([]);
};

const STATES: Record<string, State> = {
  queued: {
    async begin(world) {
      world.submit();
      world.session.drive();
    },
    over: expectTurnWentOn,
  },
  "waiting for the lease": {
    async begin(world) {
      world.leaseHeldBy = newId();
      world.submit();
      world.session.drive();
      await world.settle();
    },
    after: (world) => void (world.leaseHeldBy = null),
    over: expectTurnWentOn,
  },
  "waiting for a slot": {
    async begin(world) {
      world.slotFree = false;
      world.submit();
      world.session.drive();
      await world.settle();
    },
    after: (world) => void (world.slotFree = true),
    over: expectTurnWentOn,
  },
  starting: {
    async begin(world) {
      world.refusedDials = 1_000;
      world.submit();
      world.session.drive();
      await world.settle();
      world.refusedDials = 0;
    },
    over: expectTurnWentOn,
  },
  running: { begin: beginRunning, after: sayTheEnd, over: expectAtRest },
  "running, its link cut": {
    async begin(world) {
      await beginRunning(world);
      world.runner!.cut();
    },
    after: sayTheEnd,
    over: expectAtRest,
  },
  waiting_for_permission: {
    async begin(world) {
      await beginRunning(world);
      const asked = {
        runtime_id: world.runner!.runtimeId,
        request_id: newId(),
        turn_id: turnOf(world).turn_id,
        stage: "consent",
        tool_name: "Bash",
        tool_use_id: null,
        permission_mode: "default",
        tool_input: { command: "npm test" },
      } as const;
      void world.runner!.host!.decidePermission(asked).catch(() => {});
      await expect.poll(() => world.session.reader.view().session.status).toBe("waiting_for_permission");
    },
    after: sayTheEnd,
    over: expectAtRest,
  },
  "at rest, with rows that D1 does not have": {
    async begin(world) {
      await beginRunning(world);
      await world.runner!.say(turnEnd(turnOf(world).turn_id));
      world.runner!.runningTurnId = null;
    },
    over: expectAtRest,
  },
  "interrupted while it waited": {
    async begin(world) {
      world.leaseHeldBy = newId();
      world.submit();
      world.session.drive();
      await world.settle();
      await world.session.ender.interrupt();
      world.session.drive();
    },
    over(world) {
      expect(turnOf(world).status).toBe("interrupted");
      expect(owed(world)).toEqual([]);
    },
  },
  "being ended, and forgotten in the middle of it": {
    async begin(world) {
      await beginRunning(world);
      world.runner!.answersEnds = false;
      void world.session.ender.end("ended on request");
      await later(5);
      world.restart();
    },
    over(world) {
      expect(turnOf(world)).toMatchObject({ status: "interrupted", reason: "ended on request" });
      expect(owed(world).map(({ what }) => what)).toEqual(["its archive"]);
    },
  },
  "being archived": {
    async begin(world) {
      await beginRunning(world);
      await world.runner!.say(turnEnd(turnOf(world).turn_id));
      await world.settle();
      await world.session.ender.end("ended on request");
      world.session.drive();
      world.aheadMs += 8 * 24 * 60 * 60_000;
    },
    over(world) {
      expect(world.session.events.liveCount()).toBe(0);
      expect(owed(world)).toEqual([]);
    },
  },
  "being deleted": {
    async begin(world) {
      await beginRunning(world);
      world.session.deleter.run(world.database).catch(() => {});
    },
    over: (world) => expect(world.session.deleter.isDone()).toBe(true),
  },
};

const OUTAGES = (["d1", "r2", "sandbox", "objects"] as const).flatMap((outage) => [
  { outage, evicted: false, remembered: "stays in memory" },
  { outage, evicted: true, remembered: "is evicted" },
]);

describe.each(OUTAGES)("an outage of $outage for ten minutes, while the object $remembered,", ({ outage, evicted }) => {
  it.each(Object.keys(STATES))(
    "leaves no session behind that was %s [recovery.outage]",
    async (name) => {
      const state = STATES[name]!;
      await inSession(async (world) => {
        // Ahead of the object's real alarms, which are not what is tried here.
        world.aheadMs = 60 * 60_000;
        // A state that needs the platform to be reached is reached first.
        const needsSandbox = name !== "queued";
        if (!needsSandbox) world.down = outage;
        if (needsSandbox) await state.begin(world);
        world.down = outage;
        if (!needsSandbox) await state.begin(world);
        if (outage === "sandbox") world.runner?.cut();
        if (evicted) world.restart();
        await later(20);
        await expectAlarm(world, "as the outage begins");
        await pass(world, OUTAGE_MS);
        world.down = null;
        const began = world.session.clock.nowMs();
        await pass(world, 30_000);
        await state.after?.(world);
        await pass(world, 3 * 60_000);
        state.over(world);
        expect(world.session.clock.nowMs() - began).toBeLessThanOrEqual(4 * 60_000);
      });
    },
    20_000,
  );
});
