import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { newWebSocketRpcSession, RpcTarget } from "capnweb";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/durable-objects/clock.ts";
import { readConfig } from "../../src/durable-objects/config.ts";
import type { SandboxPort } from "../../src/durable-objects/sandboxes/sandbox-port.ts";
import { isBootToken } from "../../src/durable-objects/workspaces/boot-token.ts";
import { composeWorkspace, type Workspace } from "../../src/durable-objects/workspaces/compose-workspace.ts";
import { runWorkspaceTasks, scheduleKeeping } from "../../src/durable-objects/workspaces/workspace-tasks.ts";
import { WORKSPACE_MIGRATIONS } from "../../src/durable-objects/workspaces/schema.ts";
import { migrate } from "../../src/durable-objects/sql/migrate.ts";
import { INPUTS_PROTOCOL_VERSION } from "../../src/shared/rpc/protocol.ts";
import type { SessionApi } from "../../src/shared/rpc/session-api.ts";
import { newId } from "./session-fixture.ts";

class TestRunnerWorkspace extends RpcTarget {
  readonly world: World;
  constructor(world: World) {
    super();
    this.world = world;
  }
  async cloneRepository() {
    this.world.clones += 1;
    if (this.world.cloneFails) return { ok: false, error: { code: "clone_failed", message: "No such repository." } };
    return { ok: true, value: { commit: "c0ffee" } };
  }
  async isWorkspaceChanged() {
    return this.world.changed;
  }
}

type World = {
  identity: { workspace_id: string; team_id: string; project_id: string; git_url: string | null };
  /** What runs: null for nothing. */
  runner: { runtimeId: string; bootToken: string; state: "new" | "kept"; protocol: number; answers: boolean } | null;
  starts: number;
  stops: number;
  keptAlive: number;
  startsSilent: boolean;
  nextState: "new" | "kept";
  /** Of a runner that takes no checkpoints: those are the subject of checkpoint-object.test.ts. */
  nextProtocol: number;
  clones: number;
  cloneFails: boolean;
  changed: boolean;
  announced: (string | null)[];
  /** Sessions at work, and with something that is stored nowhere else. */
  busy: string[];
  unsaid: string[];
  unwanted: Set<string>;
  granted: string[];
  settle(): Promise<void>;
  passMs(ms: number): void;
  /** As after an eviction: new collaborators on the same storage. */
  compose(): Workspace;
};

async function inWorkspace(body: (workspace: Workspace, world: World) => Promise<void>): Promise<void> {
  await runInDurableObject(env.WORKSPACE.getByName(newId()), async (_object, state) => {
    migrate(state.storage, WORKSPACE_MIGRATIONS);
    const world = createWorld(state.storage);
    await body(world.compose(), world);
    await state.storage.deleteAlarm();
  });
}

function createWorld(storage: DurableObjectStorage): World {
  const clock = fastClock();
  const pending: Promise<unknown>[] = [];
  const session = {
    runtimeChanged: async (runtimeId: string | null) => void world.announced.push(runtimeId),
    leaseGranted: async (turnId: string) => void world.granted.push(turnId),
    wantsLease: async (turnId: string) => !world.unwanted.has(turnId),
  } as unknown as SessionApi;
  const world: World = {
    identity: { workspace_id: newId(), team_id: newId(), project_id: newId(), git_url: null },
    runner: null,
    starts: 0,
    stops: 0,
    keptAlive: 0,
    startsSilent: false,
    nextState: "new",
    nextProtocol: INPUTS_PROTOCOL_VERSION,
    clones: 0,
    cloneFails: false,
    changed: false,
    announced: [],
    busy: [],
    unsaid: [],
    unwanted: new Set(),
    granted: [],
    passMs: clock.pass,
    async settle() {
      await Promise.all(pending.splice(0));
    },
    compose: () =>
      composeWorkspace({
        storage,
        bucket: env.BUCKET,
        database: env.DB,
        session: () => session,
        team: () => ({ recordTelemetry: async () => {} }),
        sandbox: () => testSandbox(world),
        config: readConfig(env),
        clock,
        sleep: async (ms) => clock.pass(ms),
        logger: { info: () => {}, error: () => {} },
        background: (work) => void pending.push(work),
      }),
  };
  return world;
}

const HOUR_MS = 60 * 60_000;

/** The alarm, with its look at an unused sandbox due now. */
async function ringKeep(workspace: Workspace): Promise<void> {
  workspace.alarms.reschedule("keep", 1);
  await runWorkspaceTasks(workspace, { info: () => {}, error: () => {} });
}

/** Each look at it is a second later, so that a boot deadline passes in a moment. */
function fastClock() {
  let nowMs = Date.now();
  return { ...systemClock, nowMs: () => (nowMs += 1000), pass: (ms: number) => void (nowMs += ms) };
}

function testSandbox(world: World): SandboxPort {
  return {
    isRunning: async () => world.runner !== null,
    async start({ env: runnerEnv }) {
      world.starts += 1;
      world.runner = {
        runtimeId: newId(),
        bootToken: runnerEnv["BERTH_BOOT_TOKEN"] ?? "",
        state: world.nextState,
        protocol: world.nextProtocol,
        answers: !world.startsSilent,
      };
    },
    async fetch(request) {
      const { runner } = world;
      if (runner === null || !runner.answers) throw new Error("refused");
      if (request.headers.get("authorization") !== `Bearer ${runner.bootToken}`)
        return new Response(null, { status: 401 });
      if (new URL(request.url).pathname === "/rpc/workspace") return acceptSocket(world);
      return Response.json({
        protocol_version: runner.protocol,
        runner_version: "test",
        runtime_id: runner.runtimeId,
        workspace_id: world.identity.workspace_id,
        workspace_state: runner.state,
        busy_sessions: world.busy,
        unsaid_sessions: world.unsaid,
      });
    },
    async keepAlive() {
      world.keptAlive += 1;
    },
    async stop() {
      world.stops += 1;
      world.runner = null;
    },
    async erase() {
      world.runner = null;
    },
  };
}

function acceptSocket(world: World): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  newWebSocketRpcSession(server, new TestRunnerWorkspace(world));
  return new Response(null, { status: 101, webSocket: client });
}

describe("a workspace's sandbox", () => {
  it("is started once and found again, also by an object that forgot everything [workspace.runtime]", async () => {
    await inWorkspace(async (workspace, world) => {
      expect(await workspace.keeper.find()).toEqual({ state: "gone" });
      const first = await workspace.keeper.ensure(world.identity);
      expect(first).toMatchObject({ ok: true, value: { runtime_id: world.runner?.runtimeId, files_lost: false } });
      const [second, third] = await Promise.all([workspace.keeper.ensure(world.identity), workspace.keeper.find()]);
      expect(second).toEqual(first);
      expect(third).toEqual({ state: "running", runtime_id: world.runner?.runtimeId });
      expect(await world.compose().keeper.ensure(world.identity)).toEqual(first);
      expect(world.starts).toBe(1);
    });
  });

  it("is started once for two that ask at the same time [workspace.runtime]", async () => {
    await inWorkspace(async (workspace, world) => {
      await Promise.all([workspace.keeper.ensure(world.identity), workspace.keeper.ensure(world.identity)]);
      expect(world.starts).toBe(1);
    });
  });

  it("says that files are lost when a disk that had some comes back empty, and tells the sessions [workspace.runtime] [recovery.files_lost]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      workspace.store.attach(newId());
      world.runner = null;
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ value: { files_lost: false } });
      world.changed = true;
      await workspace.noteFiles();
      workspace.store.attach(newId());
      world.runner = null;
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ value: { files_lost: true } });
      await world.settle();
      expect(world.announced.at(-1)).toBe(world.runner!.runtimeId);
      world.runner = null;
      world.nextState = "kept";
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ value: { files_lost: false } });
    });
  });

  it("that runs but does not answer is ended before another one takes its place [workspace.runtime]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      const old = world.runner!.runtimeId;
      world.runner!.answers = false;
      expect(await workspace.keeper.find()).toEqual({ state: "unreachable" });
      const next = await workspace.keeper.ensure(world.identity);
      expect(world.stops).toBe(1);
      expect(next).not.toMatchObject({ value: { runtime_id: old } });
    });
  });

  it("that a session gives up is ended, unless it answers again or was replaced [workspace.runtime] [recovery.lost]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      const { runtimeId } = world.runner!;
      workspace.store.attach(newId());
      expect(await workspace.keeper.fence(runtimeId)).toBe(false);
      expect(await workspace.keeper.fence(newId())).toBe(true);
      expect(world.stops).toBe(0);
      world.runner!.answers = false;
      expect(await workspace.keeper.fence(runtimeId)).toBe(true);
      await world.settle();
      expect([world.stops, world.runner, world.announced]).toEqual([1, null, [null]]);
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ value: { files_lost: true } });
      expect(await workspace.keeper.fence(runtimeId)).toBe(true);
      expect(world.stops).toBe(1);
    });
  });

  it("with files is kept awake by the object's alarm, however long nobody used it [workspace.keep] [sleeping.sandbox]", async () => {
    await inWorkspace(async (workspace, world) => {
      const ring = () => ringKeep(workspace);
      await workspace.keeper.ensure(world.identity);
      scheduleKeeping(workspace);
      await ring();
      expect(world.keptAlive).toBe(0);
      world.changed = true;
      world.passMs(100 * HOUR_MS);
      await ring();
      expect(world.stops).toBe(0);
      expect(world.keptAlive).toBe(1);
      expect(workspace.alarms.dueAt("keep")).toBeGreaterThan(Date.now() + 3_600_000);
      world.runner = null;
      await ring();
      expect([world.keptAlive, workspace.alarms.dueAt("keep")]).toEqual([1, null]);
    });
  });

  it("without files is stopped when nobody used it for its time, and those who talked to it are told [sleeping.sandbox]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      workspace.store.attach(newId());
      scheduleKeeping(workspace);
      await ringKeep(workspace);
      expect([world.stops, world.keptAlive]).toEqual([0, 0]);
      const due = workspace.alarms.dueAt("keep") ?? 0;
      expect(due).toBeGreaterThan(Date.now() + 0.9 * HOUR_MS);
      world.passMs(HOUR_MS);
      await ringKeep(workspace);
      await world.settle();
      expect([world.stops, workspace.alarms.dueAt("keep"), world.announced.at(-1)]).toEqual([1, null, null]);
      expect(await workspace.keeper.find()).toEqual({ state: "gone" });
      const next = await workspace.keeper.ensure(world.identity);
      expect(next).toMatchObject({ ok: true, value: { files_lost: false } });
      expect(world.starts).toBe(2);
    });
  });

  it("is not stopped while somebody has the lease, works, has something to say, or does not answer [sleeping.sandbox]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      scheduleKeeping(workspace);
      world.passMs(2 * HOUR_MS);
      const staysAwake = async (why: string) => {
        await ringKeep(workspace);
        expect(world.stops, why).toBe(0);
        expect(workspace.alarms.dueAt("keep"), why).not.toBeNull();
      };
      const turn = { session_id: newId(), turn_id: newId() };
      workspace.desk.request(turn);
      await staysAwake("a lease");
      workspace.desk.release(turn.turn_id);
      world.busy = [newId()];
      await staysAwake("a background task");
      [world.busy, world.unsaid] = [[], [newId()]];
      await staysAwake("a conversation that is not stored yet");
      world.unsaid = [];
      world.runner!.answers = false;
      await staysAwake("no answer");
      world.passMs(0.9 * HOUR_MS);
      await staysAwake("no answer for less than an hour");
      expect(workspace.store.get()?.has_files).toBe(false);
      world.runner!.answers = true;
      await ringKeep(workspace);
      expect(world.stops).toBe(1);
    });
  });

  it("whose runner does not say what it has not stored yet is never stopped [sleeping.sandbox] [runner.versions]", async () => {
    await inWorkspace(async (workspace, world) => {
      world.nextProtocol = 1;
      await workspace.keeper.ensure(world.identity);
      scheduleKeeping(workspace);
      world.passMs(1000 * HOUR_MS);
      await ringKeep(workspace);
      expect([world.stops, world.keptAlive]).toEqual([0, 1]);
      expect(workspace.alarms.dueAt("keep")).not.toBeNull();
    });
  });

  it("that does not answer for an hour is stopped, also when the object forgot everything meanwhile [sleeping.sandbox]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      workspace.store.attach(newId());
      scheduleKeeping(workspace);
      world.passMs(10 * HOUR_MS);
      for (const answers of [false, true]) {
        world.runner!.answers = answers;
        world.busy = [newId()];
        await ringKeep(world.compose());
        world.passMs(HOUR_MS);
      }
      world.runner!.answers = false;
      await ringKeep(world.compose());
      world.passMs(0.9 * HOUR_MS);
      await ringKeep(world.compose());
      expect([world.stops, workspace.alarms.dueAt("keep")]).toEqual([0, expect.any(Number)]);
      world.passMs(0.1 * HOUR_MS);
      await ringKeep(world.compose());
      await world.settle();
      expect([world.stops, workspace.alarms.dueAt("keep"), world.announced.at(-1)]).toEqual([1, null, null]);
      await workspace.keeper.ensure(world.identity);
      world.runner!.answers = false;
      await ringKeep(workspace);
      expect(world.stops).toBe(1);
    });
  });

  it("that is being stopped is waited for by who wants one, and is not what they get [sleeping.sandbox]", async () => {
    await inWorkspace(async (workspace, world) => {
      const first = await workspace.keeper.ensure(world.identity);
      const asleep = workspace.keeper.sleep();
      const [awake, next] = [workspace.keeper.whenAwake(), workspace.keeper.ensure(world.identity)];
      expect(await asleep).toBe(true);
      await awake;
      expect(first).not.toEqual(await next);
      const starting = workspace.keeper.ensure(world.identity);
      expect(await workspace.keeper.sleep()).toBe(false);
      expect(await starting).toEqual(await next);
      expect([world.starts, world.stops]).toEqual([2, 1]);
    });
  });

  it("that does not answer for a moment keeps its place, and its files [workspace.runtime] [recovery.unknown]", async () => {
    await inWorkspace(async (workspace, world) => {
      const first = await workspace.keeper.ensure(world.identity);
      world.runner!.answers = false;
      setTimeout(() => (world.runner!.answers = true), 300);
      expect(await workspace.keeper.ensure(world.identity)).toEqual(first);
      expect([world.starts, world.stops]).toEqual([1, 0]);
    });
  });

  it("that was lost in its very first turn is taken for one that had files [recovery.files_lost]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      world.runner = null;
      await workspace.noteFiles();
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ value: { files_lost: true } });
    });
  });

  it("that never came up had no files [recovery.files_lost]", async () => {
    await inWorkspace(async (workspace, world) => {
      world.startsSilent = true;
      await workspace.keeper.ensure(world.identity);
      await workspace.noteFiles();
      world.startsSilent = false;
      world.passMs(30_000);
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ value: { files_lost: false } });
    });
  });

  it("is replaced without telling sessions again that talked to one before it [workspace.runtime]", async () => {
    await inWorkspace(async (workspace, world) => {
      await workspace.keeper.ensure(world.identity);
      workspace.store.attach(newId());
      for (let replaced = 0; replaced < 2; replaced++) {
        world.runner = null;
        await workspace.keeper.ensure(world.identity);
        await world.settle();
      }
      expect(world.announced).toHaveLength(1);
    });
  });

  it("that never answers is tried three times, then left alone for a while, and the answer says so [bad_input.sandbox_start] [workspace.start_retry]", async () => {
    await inWorkspace(async (workspace, world) => {
      world.startsSilent = true;
      expect(await workspace.keeper.ensure(world.identity)).toEqual({
        ok: false,
        error: {
          code: "sandbox_start_failed",
          message: expect.stringMatching(
            /^The sandbox did not start, several times in a row. Try again in \d+ seconds/,
          ),
        },
      });
      expect(world.runner).toBeNull();
      expect(world.starts).toBe(3);
      // The circuit is open: nobody tries, also not an object that forgot everything.
      expect((await world.compose().keeper.ensure(world.identity)).ok).toBe(false);
      expect(world.starts).toBe(3);
      world.startsSilent = false;
      world.passMs(30_000);
      expect((await workspace.keeper.ensure(world.identity)).ok).toBe(true);
    });
  });

  it("of a protocol that this build does not speak is refused [workspace.runtime]", async () => {
    await inWorkspace(async (workspace, world) => {
      world.nextProtocol = 99;
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({
        error: { code: "runner_protocol_unsupported" },
      });
    });
  });

  it("gets its repository once per disk, and again after a failure [workspace.runtime]", async () => {
    await inWorkspace(async (workspace, world) => {
      world.identity.git_url = "https://git.example.com/a/b";
      world.cloneFails = true;
      expect(await workspace.keeper.ensure(world.identity)).toMatchObject({ error: { code: "clone_failed" } });
      world.cloneFails = false;
      expect((await workspace.keeper.ensure(world.identity)).ok).toBe(true);
      expect((await workspace.keeper.ensure(world.identity)).ok).toBe(true);
      expect(world.clones).toBe(2);
      world.runner = null;
      world.nextState = "kept";
      await workspace.keeper.ensure(world.identity);
      expect(world.clones).toBe(2);
      world.runner = null;
      world.nextState = "new";
      await workspace.keeper.ensure(world.identity);
      expect(world.clones).toBe(3);
    });
  });
});

describe("a workspace's lease", () => {
  it("goes to one turn at a time, in order, and each is told for whom it waits [session.lease.order]", async () => {
    await inWorkspace(async ({ desk }, world) => {
      const [a, b, c] = [1, 2, 3].map((n) => ({ turn_id: `t${n}`, session_id: `s${n}` }));
      expect(desk.request(a!)).toEqual({ granted: true });
      expect(desk.request(b!)).toEqual({ granted: false, position: 1, held_by: "s1" });
      expect(desk.request(c!)).toEqual({ granted: false, position: 2, held_by: "s1" });
      expect(desk.request(b!)).toEqual({ granted: false, position: 1, held_by: "s1" });
      expect(desk.request(a!)).toEqual({ granted: true });
      desk.release("t1");
      await world.settle();
      expect(world.granted).toEqual(["t2"]);
      desk.release("t3");
      desk.release("unknown");
      await world.settle();
      expect(world.granted).toEqual(["t2"]);
    });
  });

  it("is taken back from a turn that does not want it any more [session.lease.order]", async () => {
    await inWorkspace(async ({ desk, leases }, world) => {
      desk.request({ turn_id: "t1", session_id: "s1" });
      desk.request({ turn_id: "t2", session_id: "s2" });
      world.unwanted.add("t1");
      await desk.review();
      await world.settle();
      expect(leases.holder()).toEqual({ turn_id: "t2", session_id: "s2", kind: "turn" });
      expect(world.granted).toEqual(["t2"]);
    });
  });
});

describe("the workspace's alarm", () => {
  it("takes the lease from turns that nobody knows any more, and rests when nobody waits [objects.alarm] [session.lease.order]", async () => {
    const workspace = env.WORKSPACE.getByName(newId());
    const identity = { workspace_id: newId(), team_id: newId(), project_id: newId(), git_url: null };
    const [first, second] = [newId(), newId()];
    expect(await workspace.requestLease({ identity, session_id: newId(), turn_id: first })).toEqual({ granted: true });
    const waits = { granted: false, position: 1 };
    const request = { identity, session_id: newId(), turn_id: second };
    expect(await workspace.requestLease(request)).toMatchObject(waits);
    await runInDurableObject(workspace, (_object, state) => state.storage.sql.exec("UPDATE due SET due_at = 1"));
    expect(await runDurableObjectAlarm(workspace)).toBe(true);
    const rows = await runInDurableObject(workspace, (_object, { storage }) => ({
      leases: storage.sql.exec("SELECT turn_id FROM leases").toArray(),
      due: storage.sql.exec("SELECT task FROM due").toArray(),
    }));
    expect(rows).toEqual({ leases: [], due: [] });
    expect(await workspace.requestLease({ ...request, turn_id: newId() })).toEqual({ granted: true });
  });
});

describe("the boot token", () => {
  it("opens nothing unless it is the whole token [runner.wake]", async () => {
    expect(await isBootToken("abc", "abc")).toBe(true);
    for (const wrong of ["", "ab", "abcd", "ABC"]) expect(await isBootToken(wrong, "abc")).toBe(false);
    const wake = { runtime_id: newId(), session_id: newId(), boot_token: "" };
    expect(await env.WORKSPACE.getByName(newId()).wake(wake)).toBe(false);
  });
});
