import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createAlarmClock } from "../../src/durable-objects/alarms/alarm-clock.ts";
import { deliverOutbox } from "../../src/durable-objects/outbox/outbox-delivery.ts";
import { createRegistrySweep } from "../../src/durable-objects/processes/registry-sweep.ts";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import { SWEEP_AFTER_MS, SWEEP_EVERY_MS } from "../../src/shared/processes/registry-policy.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { createProcessService } from "../../src/worker/processes/process-service.ts";
import { createProcessStore } from "../../src/worker/processes/process-store.ts";
import { inSession, newId, turnEnd, type TestWorld } from "./session-fixture.ts";

const claude = {
  pid: 42,
  parent_pid: 1,
  kind: "claude" as const,
  command: "claude --secret-looking-thing",
  started_at: "2026-01-01T00:00:00.000Z",
  cpu_percent: 3.5,
  rss_bytes: 1024,
};

async function rowsOf(column: "session_id" | "team_id", value: string) {
  const found = await env.DB.prepare(`SELECT * FROM session_processes WHERE ${column} = ?`).bind(value).all();
  return found.results;
}
const deliver = (world: TestWorld) => deliverOutbox(world.session.outbox, env.DB);
const indexed = (world: TestWorld) => rowsOf("session_id", world.session.sessions.get().session_id);

async function watch(world: TestWorld): Promise<void> {
  for (const other of ["rest", "drive", "outbox"] as const) world.session.alarms.cancel(other);
  world.session.alarms.reschedule("watch", world.session.clock.nowMs() - 1);
  await runSessionTasks(world.session, env.DB, { info: () => {}, error: (event) => world.logged.push(event) });
}

/** A row as a session would have left it, that nobody will ever take away. */
async function plant(wish: { session_id: string; team_id: string; updated_at?: string }): Promise<void> {
  const row = {
    owner_id: newId(),
    project_id: newId(),
    project: "demo",
    branch: "main",
    status: "running",
    pid: 7,
    processes: 1,
    cpu_percent: 1,
    rss_bytes: 1,
    updated_at: "2026-01-01T00:00:00.000Z",
    version: 1,
    ...wish,
  };
  const columns = Object.keys(row);
  await env.DB.prepare(`INSERT INTO session_processes (${columns.join()}) VALUES (${columns.map(() => "?").join()})`)
    .bind(...Object.values(row))
    .run();
}

/** A session in its real object, whose sandbox does not start: it stays queued for as long as the test needs. */
async function submitReal(principal: Principal) {
  const session_id = newId();
  const stub = env.SESSION.getByName(session_id);
  const project = { project_id: newId(), name: "real", workspace_id: newId(), branch: "main", git_url: null };
  const submitted = await stub.submit({
    principal,
    session_id,
    must_exist: false,
    project,
    prompt: "the secret plan",
    options: { timeout_seconds: 60 },
    ceiling: { permission_mode: "acceptEdits" },
    idempotency_key: null,
    if_busy: "queue",
  });
  expect(submitted.ok).toBe(true);
  return { session_id, stub };
}

function serviceOf() {
  const session = (id: string) => env.SESSION.getByName(id);
  return createProcessService({ store: createProcessStore(createDatabase(env.DB)), session, askMs: 3_000 });
}

describe("the registry of what runs", () => {
  it("has a row from the prompt on, with the process, and none once the session is at rest [processes.index]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      await deliver(world);
      const session = world.session.sessions.get();
      expect(await indexed(world)).toMatchObject([
        { team_id: session.team_id, owner_id: session.owner_id, status: "running", turn_id: turnId, pid: null },
      ]);
      runner.processes = [claude, { ...claude, pid: 43, kind: "child", rss_bytes: 1000 }];
      runner.runningTurnId = turnId;
      await watch(world);
      await deliver(world);
      expect(await indexed(world)).toMatchObject([
        {
          project: "demo",
          branch: "main",
          pid: 42,
          processes: 2,
          cpu_percent: 7,
          rss_bytes: 2024,
          started_at: claude.started_at,
          runtime_id: runner.runtimeId,
          last_event_seq: world.session.events.cursor(),
          last_event_type: "session_status_changed",
        },
      ]);
      await runner.say(turnEnd(turnId));
      await deliver(world);
      expect(await indexed(world)).toEqual([]);
    });
  });

  it("owes other figures once a minute at most, and a session that stays at rest nothing [processes.index]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      runner.runningTurnId = turnId;
      runner.processes = [claude];
      await watch(world);
      await deliver(world);
      runner.processes = [{ ...claude, rss_bytes: 9 }];
      await watch(world);
      expect(world.session.outbox.pending(9)).toEqual([]);
      world.aheadMs += 61_000;
      await watch(world);
      expect(world.session.outbox.pending(9)).toMatchObject([{ kind: "process", payload: { rss_bytes: 9 } }]);
      await runner.say(turnEnd(turnId));
      while (!(await deliver(world)));
      world.session.log.write(() => world.session.log.oweRow());
      expect(world.session.outbox.pending(9).map(({ kind }) => kind)).toEqual(["session"]);
    });
  });

  it("loses the row of a session whose sandbox is gone [processes.index]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      await deliver(world);
      expect(await indexed(world)).toHaveLength(1);
      world.session.driver.loseRuntime();
      await deliver(world);
      expect(await indexed(world)).toEqual([]);
    });
  });
});

describe("a stale row", () => {
  it("of a session that does not exist any more goes with the team's sweep, which then rests [processes.sweep]", async () => {
    const [team_id, session_id] = [newId(), newId()];
    const team = env.TEAM.getByName(team_id);
    const slot = {
      team_id,
      user_id: newId(),
      project_id: newId(),
      agent_id: null,
      configuration_version: 0,
      session_id,
      turn_id: newId(),
      ttl_seconds: 1,
    };
    await team.requestSlot(slot);
    await team.releaseSlot(slot.turn_id);
    await plant({ session_id, team_id });
    await runInDurableObject(team, (_object, state) => {
      const [row] = state.storage.sql.exec("SELECT due_at FROM due WHERE task = 'sweep'").toArray();
      expect(Number(row?.["due_at"]) - Date.now()).toBeLessThanOrEqual(SWEEP_EVERY_MS);
      state.storage.sql.exec("UPDATE due SET due_at = 1");
    });
    await runDurableObjectAlarm(team);
    expect(await rowsOf("team_id", team_id)).toEqual([]);
    await runInDurableObject(team, (_object, state) => void state.storage.sql.exec("UPDATE due SET due_at = 1"));
    await runDurableObjectAlarm(team);
    await runInDurableObject(team, (_object, state) =>
      expect(state.storage.sql.exec("SELECT * FROM due").toArray()).toEqual([]),
    );
  });

  it("of a session at rest is taken away by its own object, and one of a session that works stays [processes.sweep]", async () => {
    const principal = { user_id: newId(), team_id: newId(), role: "owner" } as const;
    const { session_id, stub } = await submitReal(principal);
    await stub.end(principal);
    await runDurableObjectAlarm(stub);
    await plant({ session_id, team_id: principal.team_id });
    expect(await stub.reviewProcesses(principal.team_id)).toEqual({ ok: true, value: null });
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(stub);
        return rowsOf("session_id", session_id);
      })
      .toEqual([]);
    await inSession(async (world) => {
      await world.begin();
      expect(await world.session.processes.review()).toMatchObject({ status: "starting", project: "demo" });
      await deliver(world);
      expect(await indexed(world)).toHaveLength(1);
    });
  });

  it("is not removed when its session does not answer, and the sweep goes on [processes.sweep]", async () => {
    const [team_id, session_id] = [newId(), newId()];
    await plant({ session_id, team_id });
    await runInDurableObject(env.TEAM.getByName(newId()), async (_object, state) => {
      const errors: unknown[] = [];
      const alarms = createAlarmClock<"sweep">(state.storage, Date.now);
      const parts = { database: env.DB, nowMs: Date.now, alarms, onError: (error: unknown) => errors.push(error) };
      const broken = createRegistrySweep({
        ...parts,
        session: () => ({ reviewProcesses: () => Promise.reject(new Error("down")) }),
      });
      await broken.run(team_id);
      expect(errors).toHaveLength(1);
      expect(alarms.dueAt("sweep")).toBeGreaterThan(Date.now());
      expect(await rowsOf("team_id", team_id)).toHaveLength(1);
      alarms.cancel("sweep");
      // One of another team with the same session is nobody's business here, and one that was just written is fresh.
      await broken.run(newId());
      expect(alarms.dueAt("sweep")).toBeNull();
      const asked: string[] = [];
      const recording = createRegistrySweep({
        ...parts,
        nowMs: () => Date.parse("2026-01-01T00:00:00.000Z") + SWEEP_AFTER_MS - 1,
        session: (id) => ({ reviewProcesses: async () => (asked.push(id), { ok: true, value: null }) }),
      });
      await recording.run(team_id);
      expect(asked).toEqual([]);
    });
  });
});

describe("what runs across a team", () => {
  it("is asked of each session; rows that nobody answers for heal by it [processes.team] [processes.sweep]", async () => {
    const owner = { user_id: newId(), team_id: newId(), role: "owner" } as const;
    const member = { user_id: newId(), team_id: owner.team_id, role: "member" } as const;
    const { session_id } = await submitReal(member);
    await expect.poll(async () => (await rowsOf("session_id", session_id)).length).toBe(1);
    const [gone, foreign] = [newId(), newId()];
    await plant({ session_id: gone, team_id: owner.team_id });
    await plant({ session_id: foreign, team_id: newId() });
    const service = serviceOf();
    const { rows, hasMore } = await service.listTeam(owner, 10);
    expect(hasMore).toBe(false);
    // The sandbox of this environment does not start, and is tried again for longer than this takes.
    expect(rows).toMatchObject([{ session_id, owner_id: member.user_id, project: "real", status: "starting" }]);
    expect(JSON.stringify(rows)).not.toContain("secret plan");
    expect(await rowsOf("session_id", gone)).toEqual([]);
    expect(await rowsOf("session_id", foreign)).toHaveLength(1);
  });

  it("is for its owners: a member is refused, another team has nothing of it [processes.team]", async () => {
    const team_id = newId();
    await plant({ session_id: newId(), team_id });
    const service = serviceOf();
    await expect(service.listTeam({ user_id: newId(), team_id, role: "member" }, 10)).rejects.toMatchObject({
      code: "role_not_allowed",
    });
    expect(await service.listTeam({ user_id: newId(), team_id: newId(), role: "owner" }, 10)).toEqual({
      rows: [],
      hasMore: false,
    });
  });

  it("is shown as it was written last when a session does not answer [processes.team]", async () => {
    const [team_id, session_id] = [newId(), newId()];
    await plant({ session_id, team_id });
    const store = createProcessStore(createDatabase(env.DB));
    const silent = createProcessService({
      store,
      session: () => ({ reviewProcesses: () => new Promise(() => {}) }),
      askMs: 20,
    });
    const owner = { user_id: newId(), team_id, role: "owner" } as const;
    expect((await silent.listTeam(owner, 10)).rows).toMatchObject([{ session_id, pid: 7, checked_at: null }]);
    expect((await silent.listTeam(owner, 0)).hasMore).toBe(true);
  });

  it("tells a team nothing of another team's session, not even that it exists [processes.team]", async () => {
    const principal = { user_id: newId(), team_id: newId(), role: "owner" } as const;
    const { stub } = await submitReal(principal);
    const stranger = await stub.reviewProcesses(newId());
    expect(stranger).toEqual(await env.SESSION.getByName(newId()).reviewProcesses(newId()));
    expect(stranger).toMatchObject({ ok: false, error: { code: "session_not_found" } });
  });
});
