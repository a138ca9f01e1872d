import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deliverOutbox } from "../../src/durable-objects/outbox/outbox-delivery.ts";
import { isCreated, migrate } from "../../src/durable-objects/sql/migrate.ts";
import { inSession, newId, turnEnd } from "./session-fixture.ts";

const principal = { user_id: newId(), team_id: newId(), role: "owner" } as const;

describe("objects", () => {
  it("run each migration once, in order [objects.migrations]", async () => {
    await runInDurableObject(env.TEAM.getByName(newId()), (_object, state) => {
      const versions = ["CREATE TABLE one (x)", "CREATE TABLE two (x); INSERT INTO one VALUES (1);"];
      state.storage.sql.exec("DROP TABLE schema_version");
      migrate(state.storage, versions.slice(0, 1));
      migrate(state.storage, versions);
      migrate(state.storage, versions);
      expect(state.storage.sql.exec("SELECT count(*) AS n FROM one").one()["n"]).toBe(1);
    });
  });

  it("are not made by a question about an id that nobody gave out [objects.migrations]", async () => {
    const id = newId();
    const session = env.SESSION.getByName(id);
    const refused = { ok: false, error: { code: "session_not_found" } };
    expect(await session.getSession(principal)).toMatchObject(refused);
    expect(await session.interrupt(principal)).toMatchObject(refused);
    const runtime = { team_id: principal.team_id, runtime_id: newId(), model: null };
    expect(await session.beginModelRequest(runtime)).toMatchObject(refused);
    expect(await env.WORKSPACE.getByName(id).findRuntime()).toEqual({ state: "gone" });
    await runInDurableObject(session, (_object, state) => expect(isCreated(state.storage.sql)).toBe(false));
    expect(await listDurableObjectIds(env.TEAM)).toBeDefined();
  });

  it("answer a stranger as if the session did not exist [bad_input.session_id]", async () => {
    const id = newId();
    const session = env.SESSION.getByName(id);
    const submit = {
      principal,
      session_id: id,
      project: { project_id: newId(), name: "p", workspace_id: newId(), branch: "main", git_url: null },
      prompt: "hi",
      options: { timeout_seconds: 60 },
      ceiling: { permission_mode: "acceptEdits" },
      idempotency_key: null,
      if_busy: "queue",
    } as const;
    const unknown = await session.submit({ ...submit, must_exist: true });
    expect((await session.submit({ ...submit, must_exist: false })).ok).toBe(true);
    for (const stranger of [
      { ...principal, user_id: newId() },
      { ...principal, team_id: newId() },
    ]) {
      expect(await session.getSession(stranger)).toEqual(unknown);
      expect(await session.submit({ ...submit, must_exist: true, principal: stranger })).toEqual(unknown);
      const wait = { principal: stranger, after_cursor: 0, wait_ms: 0, return_on: "turn", turn_id: null } as const;
      expect(await session.wait(wait)).toEqual(unknown);
      expect(await session.end(stranger)).toEqual(unknown);
      expect(await session.getEvent(stranger, 1)).toEqual(unknown);
    }
    // The supervisor of this environment does not answer: the turn fails by itself, and the alarm goes on serving.
    await expect.poll(async () => (await session.getSession(principal)).ok, { timeout: 5000 }).toBe(true);
    await runDurableObjectAlarm(session);
  });

  it("deliver what they owe to D1 once, and an older state never overwrites a newer one [objects.outbox]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say(turnEnd(turnId));
      await world.settle();
      const older = world.session.outbox.pending(10).find((row) => row.kind === "session");
      await deliverOutbox(world.session.outbox, env.DB);
      expect(world.session.outbox.pending(10)).toEqual([]);
      const read = (table: string, key: string, value: string) =>
        env.DB.prepare(`SELECT * FROM ${table} WHERE ${key} = ?`).bind(value).all();
      const id = world.session.sessions.get().session_id;
      expect((await read("sessions", "id", id)).results).toMatchObject([{ status: "idle", turns: 1, cost_usd: 0.25 }]);
      expect((await read("model_usage", "turn_id", turnId)).results).toMatchObject([
        { model: "claude-sonnet-5", cost_usd: 0, reported_cost_usd: 0.25 },
      ]);

      const stale = { ...older!.payload, status: "running", version: 0 };
      world.session.outbox.put("session", id, stale);
      await deliverOutbox(world.session.outbox, env.DB);
      expect((await read("sessions", "id", id)).results).toMatchObject([{ status: "idle" }]);
    });
  });

  it("keep what they owe while D1 fails [objects.outbox]", async () => {
    await inSession(async (world) => {
      world.submit();
      const broken = {
        ...env.DB,
        prepare: env.DB.prepare.bind(env.DB),
        batch: async () => Promise.reject(new Error("down")),
      };
      await expect(deliverOutbox(world.session.outbox, broken as unknown as D1Database)).rejects.toThrow("down");
      expect(world.session.outbox.pending(10).map(({ kind }) => kind)).toEqual(["session", "process"]);
    });
  });
});
