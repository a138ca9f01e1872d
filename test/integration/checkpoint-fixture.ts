// A workspace on a real object's storage, with a runner that takes checkpoints, real R2 and D1, and an outage at any step.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { newWebSocketRpcSession } from "capnweb";
import { systemClock } from "../../src/durable-objects/clock.ts";
import { readConfig } from "../../src/durable-objects/config.ts";
import type { SandboxPort } from "../../src/durable-objects/sandboxes/sandbox-port.ts";
import { migrate } from "../../src/durable-objects/sql/migrate.ts";
import { composeWorkspace, type Workspace } from "../../src/durable-objects/workspaces/compose-workspace.ts";
import { WORKSPACE_MIGRATIONS } from "../../src/durable-objects/workspaces/schema.ts";
import { endTurn } from "../../src/durable-objects/workspaces/workspace-end.ts";
import { runWorkspaceTasks } from "../../src/durable-objects/workspaces/workspace-tasks.ts";
import { manifestKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import type { ConversationMark, Manifest } from "../../src/shared/checkpoints/format.ts";
import type { CheckpointRecord, CheckpointTarget, OperationRequest } from "../../src/shared/checkpoints/schema.ts";
import { CHECKPOINTS_PROTOCOL_VERSION, RUNTIME_HEADER } from "../../src/shared/rpc/protocol.ts";
import type { SessionApi } from "../../src/shared/rpc/session-api.ts";
import type { RuntimeInfo } from "../../src/shared/rpc/workspace-api.ts";
import { decompress } from "../../src/durable-objects/archive/zstd.ts";
import { CheckpointRunner, readTree, type RunnerStep, type RunnerWorld } from "./checkpoint-runner.ts";
import { newId } from "./session-fixture.ts";

/** Where something can go wrong: in the runner, with the bucket, with D1, or with the session. */
export type Step = RunnerStep | "manifest" | "head" | "rows" | "mark" | "tell" | "rewind";

export type CheckpointWorld = Omit<RunnerWorld, "onStep" | "mayUsePacks" | "identity"> & {
  identity: { workspace_id: string; team_id: string; project_id: string; git_url: string | null };
  workspace: Workspace;
  storage: DurableObjectStorage;
  /** What runs. */
  runner: { runtimeId: string; bootToken: string; state: "new" | "kept" } | null;
  protocol: number;
  starts: number;
  stops: number;
  keptAlive: number;
  /** Steps in the order in which they were made. */
  steps: Step[];
  /** What a step does besides. */
  at: Partial<Record<Step, () => Promise<void> | void>>;
  granted: string[];
  told: CheckpointRecord[];
  rewound: Parameters<SessionApi["rewindConversation"]>[0][];
  marks: Map<string, ConversationMark>;
  logged: string[];
  passMs(ms: number): void;
  /** As after an eviction: new collaborators on the same storage; what was under way comes to nothing. */
  restart(): Workspace;
  /** The sandbox is gone, and its disk with it. */
  lose(): void;
  /** As when the runner ends: it has no connection any more. */
  hangUp(): void;
  /** The runner's ends of its connections. */
  sockets: WebSocket[];
  ensure(): Promise<RuntimeInfo>;
  /** A turn takes the lease, changes files, and ends. */
  turn(change?: (disk: Map<string, string>) => void): Promise<{ turnId: string; sessionId: string }>;
  /** Starts an operation and waits for its end. */
  operate(request: OperationRequest): Promise<Awaited<ReturnType<Workspace["checkpoints"]["desk"]["wait"]>>>;
  ring(): Promise<void>;
  settle(): Promise<void>;
  rows(): Promise<{ id: string; kind: string; parent_id: string | null; tags: string }[]>;
  headInD1(): Promise<string | null>;
  manifestOf(target: { checkpoint_id: string; manifest_sha256: string }): Promise<Manifest | null>;
  filesOf(record: CheckpointRecord): Promise<Record<string, string>>;
  target(record: CheckpointRecord): CheckpointTarget;
};

export async function inCheckpoints(body: (world: CheckpointWorld) => Promise<void>): Promise<void> {
  await runInDurableObject(env.WORKSPACE.getByName(newId()), async (_object, state) => {
    migrate(state.storage, WORKSPACE_MIGRATIONS);
    const world = await createWorld(state.storage);
    await body(world);
    await state.storage.deleteAlarm();
  });
}

async function createWorld(storage: DurableObjectStorage): Promise<CheckpointWorld> {
  const pending = new Set<Promise<unknown>>();
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  const ids = { workspace_id: newId(), team_id: newId(), project_id: newId() };
  const step = async (name: Step): Promise<void> => {
    world.steps.push(name);
    await world.at[name]?.();
  };
  const config = readConfig(env);
  const compose = (): Workspace =>
    composeWorkspace({
      storage,
      bucket: watchBucket(step),
      database: watchDatabase(step),
      session: () => testSession(world, step),
      team: () => ({ recordTelemetry: async () => {} }),
      sandbox: () => testSandbox(world, step),
      config,
      clock,
      logger: { info: () => {}, error: (event, error) => world.logged.push(`${event}: ${String(error)}`) },
      background(work) {
        const done = work
          .catch((error: unknown) => world.logged.push(String(error)))
          .finally(() => pending.delete(done));
        pending.add(done);
      },
    });
  const world: CheckpointWorld = {
    identity: { ...ids, git_url: null },
    workspace: null as unknown as Workspace,
    storage,
    bucket: env.BUCKET,
    secret: config.runTokenSecret,
    disk: new Map(),
    asked: { takes: [], restores: [], bundles: 0 },
    losesPacks: false,
    changed: false,
    runner: null,
    protocol: CHECKPOINTS_PROTOCOL_VERSION,
    starts: 0,
    stops: 0,
    keptAlive: 0,
    steps: [],
    at: {},
    granted: [],
    told: [],
    rewound: [],
    marks: new Map(),
    logged: [],
    passMs: (ms) => void (aheadMs += ms),
    restart() {
      pending.clear();
      world.workspace = compose();
      world.workspace.store.identify(world.identity);
      return world.workspace;
    },
    lose() {
      world.runner = null;
      world.disk = new Map();
      world.hangUp();
    },
    hangUp() {
      for (const socket of world.sockets.splice(0)) socket.close(1011, "the runner is gone");
    },
    sockets: [],
    async ensure() {
      const runtime = await world.workspace.keeper.ensure(world.identity);
      if (!runtime.ok) throw new Error(runtime.error.message);
      return runtime.value;
    },
    async turn(change) {
      const [turnId, sessionId] = [newId(), newId()];
      world.workspace.desk.request({ turn_id: turnId, session_id: sessionId });
      await world.ensure();
      change?.(world.disk);
      await endTurn(world.workspace, turnId, endingOf(turnId, sessionId));
      await world.settle();
      return { turnId, sessionId };
    },
    async operate(request) {
      const operation_id = newId();
      const started = world.workspace.checkpoints.desk.start({ operation_id, request, if_busy: "queue" });
      if (!started.ok) return started;
      return world.workspace.checkpoints.desk.wait(operation_id, 20_000);
    },
    async ring() {
      await runWorkspaceTasks(world.workspace, {
        info: () => {},
        error: (event, error) => world.logged.push(`${event}: ${String(error)}`),
      });
      await world.settle();
    },
    async settle() {
      while (pending.size > 0) await Promise.all(pending);
    },
    async rows() {
      const query = "SELECT id, kind, parent_id, tags FROM checkpoints WHERE workspace_id = ? ORDER BY id";
      const { results } = await env.DB.prepare(query).bind(ids.workspace_id).all();
      return results as Awaited<ReturnType<CheckpointWorld["rows"]>>;
    },
    async headInD1() {
      const query = "SELECT head_checkpoint_id FROM workspaces WHERE id = ?";
      return (await env.DB.prepare(query).bind(ids.workspace_id).first("head_checkpoint_id")) ?? null;
    },
    async manifestOf({ manifest_sha256 }) {
      const object = await env.BUCKET.get(manifestKey(ids, manifest_sha256));
      return object === null ? null : JSON.parse(decompress(new Uint8Array(await object.arrayBuffer())));
    },
    async filesOf(record) {
      const manifest = await world.manifestOf(record);
      if (manifest === null) throw new Error("the manifest is missing");
      const files = await readTree({ bucket: env.BUCKET, identity: ids }, manifest.tree);
      return Object.fromEntries(files.map(({ path, text }) => [path, text]));
    },
    target: ({ checkpoint_id, manifest_sha256 }) => ({ checkpoint_id, manifest_sha256, project_id: ids.project_id }),
  };
  world.restart();
  await insertWorkspace(ids);
  return world;
}

export function endingOf(turn_id: string, session_id: string) {
  const usage = { input_tokens: 10, output_tokens: 5 };
  return { session_id, turn_id, author_id: newId(), event_seq: 7, message: "do it", model: "claude-test", usage };
}

async function insertWorkspace(ids: { workspace_id: string; team_id: string; project_id: string }): Promise<void> {
  const at = new Date().toISOString();
  await env.DB.batch([
    env.DB.prepare("INSERT INTO projects (id, team_id, owner_id, name, created_at) VALUES (?, ?, ?, 'p', ?)").bind(
      ids.project_id,
      ids.team_id,
      ids.team_id,
      at,
    ),
    env.DB.prepare(
      "INSERT INTO workspaces (id, team_id, project_id, branch, created_at) VALUES (?, ?, ?, 'main', ?)",
    ).bind(ids.workspace_id, ids.team_id, ids.project_id, at),
  ]);
}

type OnStep = (name: Step) => Promise<void>;

/** Manifests and looks at packs pass through a step; the runner's own packs do not go this way. */
function watchBucket(step: OnStep): R2Bucket {
  const bucket = env.BUCKET;
  return new Proxy(bucket, {
    get(_target, name) {
      if (name === "put")
        return async (...args: Parameters<R2Bucket["put"]>) => {
          await step("manifest");
          return bucket.put(...args);
        };
      if (name === "head")
        return async (key: string) => {
          await step("head");
          return bucket.head(key);
        };
      const value: unknown = Reflect.get(bucket, name);
      return typeof value === "function" ? value.bind(bucket) : value;
    },
  });
}

function watchDatabase(step: OnStep): D1Database {
  return {
    prepare: (query: string) => env.DB.prepare(query),
    async batch(statements: D1PreparedStatement[]) {
      await step("rows");
      return env.DB.batch(statements);
    },
  } as D1Database;
}

function testSession(world: CheckpointWorld, step: OnStep): SessionApi {
  return {
    runtimeChanged: async () => {},
    leaseGranted: async (turnId: string) => void world.granted.push(turnId),
    wantsLease: async () => true,
    async markConversation(turnId: string) {
      await step("mark");
      return world.marks.get(turnId) ?? null;
    },
    async checkpointCreated(record: CheckpointRecord) {
      await step("tell");
      world.told.push(record);
    },
    async rewindConversation(request: Parameters<SessionApi["rewindConversation"]>[0]) {
      await step("rewind");
      world.rewound.push(request);
      return { ok: true, value: null };
    },
  } as unknown as SessionApi;
}

function testSandbox(world: CheckpointWorld, step: OnStep): SandboxPort {
  /** Of that runtime: once it was replaced, nothing that reaches it is done. */
  const runnerWorld = (runtimeId: string, isCurrent = () => world.runner?.runtimeId === runtimeId): RunnerWorld => ({
    identity: world.identity,
    bucket: world.bucket,
    secret: world.secret,
    // A connection is used for several questions, and the sandbox changes between them.
    get disk() {
      return world.disk;
    },
    get asked() {
      return isCurrent() ? world.asked : { takes: [], restores: [], bundles: 0 };
    },
    get losesPacks() {
      return world.losesPacks;
    },
    get changed() {
      return world.changed;
    },
    onStep: (name) => (isCurrent() ? step(name) : new Promise(() => {})),
    mayUsePacks: (question) => world.workspace.checkpoints.engine.mayUsePacks(question),
  });
  return {
    isRunning: async () => world.runner !== null,
    async start({ env: runnerEnv }) {
      world.starts += 1;
      world.disk = new Map();
      world.runner = { runtimeId: newId(), bootToken: runnerEnv["BERTH_BOOT_TOKEN"] ?? "", state: "new" };
    },
    async fetch(request) {
      const { runner } = world;
      if (runner === null) throw new Error("refused");
      if (request.headers.get("authorization") !== `Bearer ${runner.bootToken}`)
        return new Response(null, { status: 401 });
      if ((request.headers.get(RUNTIME_HEADER) ?? runner.runtimeId) !== runner.runtimeId)
        return new Response(null, { status: 409 });
      if (new URL(request.url).pathname === "/rpc/workspace")
        return acceptSocket(world, new CheckpointRunner(runnerWorld(runner.runtimeId)));
      return Response.json({
        protocol_version: world.protocol,
        runner_version: "test",
        runtime_id: runner.runtimeId,
        workspace_id: world.identity.workspace_id,
        workspace_state: runner.state,
        busy_sessions: [],
        unsaid_sessions: [],
      });
    },
    keepAlive: async () => void (world.keptAlive += 1),
    async stop() {
      world.stops += 1;
      world.lose();
    },
    erase: async () => world.lose(),
  };
}

function acceptSocket(world: CheckpointWorld, target: CheckpointRunner): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  world.sockets.push(server);
  newWebSocketRpcSession(server, target);
  return new Response(null, { status: 101, webSocket: client });
}
