import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ArchiveBucket } from "../../src/durable-objects/archive/archive-keys.ts";
import { guardPuts } from "../../src/durable-objects/archive/put-guard.ts";
import { isCreated } from "../../src/durable-objects/sql/migrate.ts";
import type { SessionApi, SubmitTurn } from "../../src/shared/rpc/session-api.ts";
import { createPlacedRows } from "../support/placed-rows.ts";
import { inSession, newId, turnEnd, type TestWorld } from "./session-fixture.ts";

const down = async (): Promise<never> => Promise.reject(new Error("down"));
const prefixOf = (team: string, session: string) => `teams/${team}/sessions/${session}/`;
const keysOf = async (prefix: string) => (await env.BUCKET.list({ prefix })).objects.map(({ key }) => key);
const rowsOf = async (table: "sessions" | "model_usage", session: string) => {
  const key = table === "sessions" ? "id" : "session_id";
  return (await env.DB.prepare(`SELECT * FROM ${table} WHERE ${key} = ?`).bind(session).all()).results;
};

/** A bucket whose writes wait for the gate. */
function slowBucket() {
  const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const bucket = {
    async put(...args: Parameters<R2Bucket["put"]>) {
      reached.resolve();
      await gate.promise;
      return env.BUCKET.put(...args);
    },
    get: env.BUCKET.get.bind(env.BUCKET),
    head: env.BUCKET.head.bind(env.BUCKET),
    list: env.BUCKET.list.bind(env.BUCKET),
    delete: env.BUCKET.delete.bind(env.BUCKET),
  } as unknown as ArchiveBucket;
  return { bucket, gate, reached };
}

/** A real object of a person's own, with bindings that the test may break. */
function realSession() {
  const principal = { user_id: newId(), team_id: newId(), role: "owner" } as const;
  const id = newId();
  const stub = env.SESSION.getByName(id);
  const api = stub as unknown as SessionApi;
  const broken = { r2: false, d1: false };
  const submit = (wish: Partial<SubmitTurn> = {}) =>
    api.submit({
      principal,
      session_id: id,
      must_exist: false,
      project: { project_id: newId(), name: "p", workspace_id: newId(), branch: "main", git_url: null },
      prompt: "hi",
      options: { timeout_seconds: 60 },
      ceiling: { permission_mode: "acceptEdits" },
      idempotency_key: null,
      if_busy: "queue",
      ...wish,
    });
  const breakable = {
    BUCKET: {
      put: env.BUCKET.put.bind(env.BUCKET),
      get: env.BUCKET.get.bind(env.BUCKET),
      head: env.BUCKET.head.bind(env.BUCKET),
      list: (options: R2ListOptions) => (broken.r2 ? down() : env.BUCKET.list({ ...options, limit: 2 })),
      delete: env.BUCKET.delete.bind(env.BUCKET),
    },
    DB: {
      prepare: (query: string) => (broken.d1 ? { bind: () => ({ run: down }) } : env.DB.prepare(query)),
      batch: (statements: D1PreparedStatement[]) => (broken.d1 ? down() : env.DB.batch(statements)),
    },
  };
  const begin = async () => {
    await runInDurableObject(stub, (object) => {
      Object.defineProperty(object, "env", { value: { ...env, ...breakable } });
    });
    expect((await submit()).ok).toBe(true);
    await runDurableObjectAlarm(stub);
    await expect.poll(() => rowsOf("sessions", id)).toHaveLength(1);
    const prefix = prefixOf(principal.team_id, id);
    for (const name of ["a", "b", "c", "d", "e"]) await env.BUCKET.put(`${prefix}bodies/${name}`, name);
    return prefix;
  };
  const isEmpty = () =>
    runInDurableObject(stub, async (_object, state) => {
      return !isCreated(state.storage.sql) && (await state.storage.getAlarm()) === null;
    });
  return { id, stub, api, principal, broken, begin, submit, isEmpty };
}

describe("deleting a session", () => {
  it("leaves nothing in R2, in the index and in the object, and the id is unknown from then on [archive.delete]", async () => {
    const { id, api, principal, begin, isEmpty, submit, stub } = realSession();
    const prefix = await begin();
    await env.BUCKET.put(`${prefix.slice(0, -1)}-neighbour/bodies/a`, "stays");
    const [placed, neighbour] = [createPlacedRows(env.DB), newId()];
    for (const scope_id of [id, neighbour]) {
      const seeded = await placed.seed({ team_id: principal.team_id, scope: "session", scope_id });
      expect(seeded).toContain("configuration_items");
    }
    const unknown = await api.getSession({ ...principal, user_id: newId() });
    expect(await api.deleteSession(principal)).toEqual({ ok: true, value: { deleted: true } });
    expect(await keysOf(prefix)).toEqual([]);
    expect(await keysOf(`${prefix.slice(0, -1)}-neighbour`)).toHaveLength(1);
    expect(await rowsOf("sessions", id)).toEqual([]);
    expect(await placed.left(id)).toEqual([]);
    expect(await placed.left(neighbour)).toContain("secrets");
    expect(await isEmpty()).toBe(true);
    for (const asked of [api.getSession(principal), api.deleteSession(principal), submit({ must_exist: true })])
      expect(await asked).toEqual(unknown);
    // Neither a late wake nor a late alarm brings anything back.
    await api.wake(newId());
    await api.leaseGranted(newId());
    await runDurableObjectAlarm(stub);
    expect(await isEmpty()).toBe(true);
    expect(await rowsOf("sessions", id)).toEqual([]);
  });

  it("changes nothing for a stranger [archive.delete]", async () => {
    const { api, principal, begin } = realSession();
    const prefix = await begin();
    const stranger = { ...principal, user_id: newId() };
    expect(await api.deleteSession(stranger)).toMatchObject({ ok: false, error: { code: "session_not_found" } });
    expect(await api.getSession(principal)).toMatchObject({ ok: true, value: { turn: { ended_at: null } } });
    expect(await keysOf(prefix)).toHaveLength(5);
  });

  it.each([
    ["r2", "stored files"],
    ["d1", "its row in the index"],
  ] as const)(
    "says what is left while %s fails, takes no prompt, and is done by the alarm once it is back [archive.delete_incomplete]",
    async (what, left) => {
      const { id, stub, api, principal, broken, begin, submit, isEmpty } = realSession();
      const prefix = await begin();
      broken[what] = true;
      const refused = await api.deleteSession(principal);
      expect(refused).toMatchObject({ ok: false, error: { code: "deletion_incomplete" } });
      expect(refused.ok ? "" : refused.error.message).toContain(left);
      expect(await api.getSession(principal)).toMatchObject({
        value: { session: { status: "ended", status_reason: "is being deleted" } },
      });
      expect(await submit()).toMatchObject({ error: { code: "session_ended" } });
      expect(await isEmpty()).toBe(false);
      // A repeat is fine, and says the same.
      expect(await api.deleteSession(principal)).toMatchObject({ error: { code: "deletion_incomplete" } });
      if (what === "r2") expect(await keysOf(prefix)).toHaveLength(5);
      broken[what] = false;
      await runInDurableObject(stub, (_object, state) => state.storage.sql.exec("UPDATE due SET due_at = 1").toArray());
      await runDurableObjectAlarm(stub);
      expect(await isEmpty()).toBe(true);
      expect([await keysOf(prefix), await rowsOf("sessions", id)]).toEqual([[], []]);
      expect(await api.getSession(principal)).toMatchObject({ error: { code: "session_not_found" } });
    },
  );
});

describe("deleting a session that works", () => {
  const idOf = (world: TestWorld) => world.session.sessions.get().session_id;

  it("ends the turn, has the sandbox forget the session, and keeps what the turns cost [archive.delete]", async () => {
    await inSession(async (world) => {
      const first = await world.begin();
      await first.runner.say(turnEnd(first.turnId));
      await world.settle();
      const { turnId, runner } = await world.begin("next");
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      expect(await world.session.deleter.run(env.DB)).toEqual([]);
      expect(runner).toMatchObject({ ended: true, forgotten: true });
      expect(world.session.turns.get(turnId)?.status).toBe("interrupted");
      expect(world.released).toContain(turnId);
      expect(await rowsOf("model_usage", idOf(world))).toMatchObject([{ turn_id: first.turnId }]);
      expect(await rowsOf("sessions", idOf(world))).toEqual([]);
    });
  });

  it("is not held up by a sandbox that does not answer [archive.delete]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      world.refusedDials = 99;
      runner.cut();
      await expect.poll(() => world.session.connection.current()).toBeNull();
      expect(await world.session.deleter.run(env.DB)).toEqual([]);
      expect(runner.forgotten).toBe(false);
    });
  });

  it("waits for a delivery that is under way, so that it brings no row back [archive.delete]", async () => {
    await inSession(async (world) => {
      world.submit();
      const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = {
        prepare: (query: string) => env.DB.prepare(query),
        async batch(statements: D1PreparedStatement[]) {
          reached.resolve();
          await gate.promise;
          return env.DB.batch(statements);
        },
      } as unknown as D1Database;
      const { runSessionTasks } = await import("../../src/durable-objects/sessions/session-tasks.ts");
      world.session.alarms.reschedule("outbox", 1);
      const delivering = runSessionTasks(world.session, slow, { info: () => {}, error: () => {} });
      await reached.promise;
      const deleting = world.session.deleter.run(env.DB);
      setTimeout(gate.resolve, 300);
      expect(await deleting).toEqual([]);
      await delivering;
      expect(await rowsOf("sessions", idOf(world))).toEqual([]);
    });
  });

  it("waits for what is on its way to R2, and takes nothing more [archive.delete]", async () => {
    const { bucket, gate, reached } = slowBucket();
    let isClosed = false;
    const guarded = guardPuts(bucket, () => isClosed);
    const prefix = `${newId()}/`;
    const putting = guarded.bucket.put(`${prefix}a`, "a");
    await reached.promise;
    isClosed = true;
    await expect(guarded.bucket.put(`${prefix}b`, "b")).rejects.toThrow("is being deleted");
    const quiet = guarded.whenQuiet().then(() => keysOf(prefix));
    setTimeout(gate.resolve, 50);
    expect(await quiet).toEqual([`${prefix}a`]);
    await putting;
  });

  it("leaves nothing of a piece that was being stored when the deletion began [archive.delete]", async () => {
    const { bucket, gate, reached } = slowBucket();
    await inSession(
      async (world) => {
        const { runner } = await world.begin();
        const bytes = Uint8Array.from([123, 125]);
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
        const part = { runtime_id: runner.runtimeId, sha256, total_bytes: 2, offset: 0, bytes };
        runner.host!.putBodyPart(part).then(
          () => {},
          () => {},
        );
        await reached.promise;
        const deleting = world.session.deleter.run(env.DB);
        setTimeout(gate.resolve, 300);
        expect(await deleting).toEqual([]);
        expect(await keysOf(prefixOf(world.principal.team_id, idOf(world)))).toEqual([]);
      },
      { bucket },
    );
  });
});
