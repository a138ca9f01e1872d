// A session on a real object's storage, with a runner in the same isolate behind a real WebSocket.
import type { MoneyGrant, MoneyRequest, Settlement } from "../../src/shared/budgets/messages.ts";
import type { Answer } from "../../src/shared/errors/app-error.ts";
import { type AuditFact, CHAIN_START } from "../../src/shared/audit/entry.ts";
import type { TelemetryBatch } from "../../src/shared/telemetry/batch.ts";
import type { ReportedUsage } from "../../src/shared/accounting/reported-usage.ts";
import { NO_TOKENS } from "../../src/shared/accounting/token-usage.ts";
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { newWebSocketRpcSession, RpcTarget, type RpcStub } from "capnweb";
import { systemClock } from "../../src/durable-objects/clock.ts";
import { readConfig } from "../../src/durable-objects/config.ts";
import { composeSession, type Session, type SessionPorts } from "../../src/durable-objects/sessions/compose-session.ts";
import { SESSION_MIGRATIONS } from "../../src/durable-objects/sessions/schema.ts";
import { createSession } from "../../src/durable-objects/sessions/submit-turn.ts";
import { migrate } from "../../src/durable-objects/sql/migrate.ts";
import type { ProcessInfo } from "../../src/shared/processes/schema.ts";
import { RUNNER_PROTOCOL_VERSION } from "../../src/shared/rpc/protocol.ts";
import type { RunnerEntry } from "../../src/shared/rpc/runner-entry.ts";
import type {
  LiveOptions,
  RunnerSessionApi,
  Steer,
  TurnStart,
  TurnStartState,
} from "../../src/shared/rpc/runner-session-api.ts";
import type { SessionHostApi } from "../../src/shared/rpc/session-host-api.ts";
import type { SubmitTurn } from "../../src/shared/rpc/session-api.ts";
import type { BackgroundTask } from "../../src/shared/tasks/schema.ts";
import type { ToolStrategy } from "../../src/shared/checkpoints/strategy-policy.ts";
import type {
  RuntimeInfo,
  RuntimeLookup,
  ToolCheckpoint,
  TurnEnding,
  WorkspaceApi,
} from "../../src/shared/rpc/workspace-api.ts";

export const newId = systemClock.newId;

/** Omit over each member of a union. */
type Without<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;
export type EntryWish = Without<RunnerEntry, "source_seq" | "occurred_at" | "turn_id"> & { turn_id?: string | null };

/** A runner that does what the test says. One instance is one runtime. */
export class TestRunner extends RpcTarget implements RunnerSessionApi {
  readonly runtimeId = newId();
  readonly started: TurnStart[] = [];
  readonly steered: Steer[] = [];
  readonly liveOptions: LiveOptions[] = [];
  takesSteers = true;
  processes: ProcessInfo[] = [];
  readonly interrupted: string[] = [];
  readonly hellos: { acknowledged_source_seq: number }[] = [];
  /** The version that it speaks; it refuses a newer one, as every runner does. */
  protocol = RUNNER_PROTOCOL_VERSION;
  ended = false;
  forgotten = false;
  answersPings = true;
  /** Whoever dials it waits for this. */
  readyForHello: Promise<void> = Promise.resolve();
  answersInterrupts = true;
  answersEnds = true;
  /** What it says to run now. */
  runningTurnId: string | null = null;
  /** True while it says that another turn runs. */
  busy = false;
  host: RpcStub<SessionHostApi> | null = null;
  sockets: WebSocket[] = [];
  sourceSeq = 0;

  /** The SHA-256 of the configuration that it has. */
  configured: string | null = null;
  async hello(request: { acknowledged_source_seq: number; protocol_version?: number }) {
    await this.readyForHello;
    if ((request.protocol_version ?? 1) > this.protocol) throw new Error("This runner speaks an older protocol.");
    this.hellos.push(request);
    return { protocol_version: this.protocol, runner_version: "test", ...(await this.ping()) };
  }
  async startTurn(turn: TurnStart): Promise<{ state: TurnStartState }> {
    if (this.busy) return { state: "busy" };
    const known = this.started.some(({ turn_id }) => turn_id === turn.turn_id);
    const { configuration } = turn;
    if (!known && configuration !== undefined && configuration.sha256 !== this.configured) {
      if (configuration.body === null) return { state: "needs_configuration" };
      this.configured = configuration.sha256;
    }
    if (!known) this.started.push(turn);
    return { state: known ? "known" : "started" };
  }
  async steerTurn(steer: Steer): Promise<{ state: "folded" | "over" }> {
    if (!this.takesSteers) return { state: "over" };
    this.steered.push(steer);
    return { state: "folded" };
  }
  async listProcesses() {
    return this.processes;
  }
  async killProcess({ pid }: { pid: number }) {
    const killed = this.processes.some((listed) => listed.pid === pid);
    this.processes = this.processes.filter((listed) => listed.pid !== pid);
    return { killed };
  }
  tasks: BackgroundTask[] = [];
  readonly stopped: string[] = [];
  async listTasks() {
    return this.tasks;
  }
  async stopTask({ task_id }: { task_id: string }) {
    this.stopped.push(task_id);
    this.tasks = this.tasks.map((task) => (task.task_id === task_id ? { ...task, status: "stopped" as const } : task));
    return { stopped: true };
  }
  async readTaskOutput({ task_id }: { task_id: string }) {
    const output = `of ${task_id}`;
    return { output: { output, total_bytes: output.length, truncated: false } };
  }
  async setLiveOptions(options: LiveOptions) {
    this.liveOptions.push(options);
    return { applied: true };
  }
  async interruptTurn({ turn_id }: { turn_id: string }) {
    this.interrupted.push(turn_id);
    if (!this.answersInterrupts) await new Promise(() => {});
    return { running: true };
  }
  async setPreviews() {}
  async ping() {
    if (!this.answersPings) await new Promise(() => {});
    return {
      runtime_id: this.runtimeId,
      running_turn_id: this.runningTurnId,
      cli_live: true,
      background_tasks: 0,
      last_source_seq: this.sourceSeq,
    };
  }
  async endSession() {
    this.ended = true;
    if (!this.answersEnds) await new Promise(() => {});
  }
  async forgetSession() {
    this.ended = true;
    this.forgotten = true;
    this.sourceSeq = 0;
  }

  entry(wish: EntryWish): RunnerEntry {
    this.sourceSeq += 1;
    return {
      turn_id: null,
      ...wish,
      source_seq: this.sourceSeq,
      occurred_at: new Date().toISOString(),
    } as RunnerEntry;
  }
  /** Numbers the entries, sends them, and waits for the acknowledgement. */
  async say(...wishes: EntryWish[]) {
    return this.send(wishes.map((wish) => this.entry(wish)));
  }
  async send(entries: RunnerEntry[]) {
    return this.host!.append({ runtime_id: this.runtimeId, entries });
  }
  cut() {
    for (const socket of this.sockets.splice(0)) socket.close(1011, "cut by the test");
  }
  accept(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    this.sockets.push(server);
    this.host = newWebSocketRpcSession<SessionHostApi>(server, this);
    return new Response(null, { status: 101, webSocket: client });
  }
}

/** `objects`: the Workspace and the Team object. */
export type Outage = "d1" | "r2" | "sandbox" | "objects";

export type TestWorld = {
  session: Session;
  principal: SubmitTurn["principal"];
  /** Null: nothing runs. Set another one to replace the sandbox. */
  runner: TestRunner | null;
  lookup: RuntimeLookup["state"] | null;
  leaseHeldBy: string | null;
  /** False: the Team object has no slot. */
  slotFree: boolean;
  slotPosition: number;
  /** What the team was told of what was measured. */
  measured: TelemetryBatch[];
  /** What the team's audit log was told. */
  audited: AuditFact[];
  releasedSlots: string[];
  reserved: MoneyRequest[];
  settled: Settlement[];
  /** What the Team object says to a request for money; null lets it pass. */
  budget: Answer<MoneyGrant> | null;
  /** What fails now. The Session object's own ways to D1 and R2 are `database` and `bucket`. */
  down: Outage | null;
  storage: DurableObjectStorage;
  database: D1Database;
  /** How far the session's clock is ahead. */
  aheadMs: number;
  /** Runtimes that the Workspace object was asked to end. */
  fenced: string[];
  /** Whether the runtime is ended when it is asked to. */
  fences: boolean;
  slots: { turn_id: string; ttl_seconds: number; works: boolean }[];
  startFails: boolean;
  filesLost: boolean;
  /** So many connections to the runner are refused before one is taken. */
  refusedDials: number;
  /** Called while the Workspace object is asked for the lease. */
  onLeaseAsked: () => Promise<void> | void;
  /** Called while the Workspace object is asked for a sandbox. */
  onStartAsked: () => Promise<void> | void;
  released: string[];
  /** What the Workspace object was told about turns that began. */
  endings: TurnEnding[];
  /** What else it says of a runtime, and with a lease. */
  restored: RuntimeInfo["restored"];
  toolCheckpoints: ToolStrategy | null;
  waitsForOperation: "checkpoint" | "restore" | "export" | null;
  /** Tool calls before which it was asked for a checkpoint. */
  beforeTools: ToolCheckpoint[];
  onBeforeTool: () => Promise<void> | void;
  logged: string[];
  submit(wish?: Partial<SubmitTurn>): ReturnType<Session["submitter"]["submit"]>;
  /** Submits and drives until the prompt is at the runner. */
  begin(prompt?: string): Promise<{ turnId: string; runner: TestRunner }>;
  settle(): Promise<void>;
  /** As after an eviction: new collaborators on the same storage, and no link. */
  restart(): void;
};

export const RESULT = {
  text: "done",
  subtype: "success",
  is_error: false,
  num_turns: 1,
  duration_ms: 12,
  total_cost_usd: 0.25,
  usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
  model_usage: {
    "claude-sonnet-5": { ...NO_TOKENS, cost_usd: 0.25, input_tokens: 10, output_tokens: 5 },
  } as ReportedUsage,
  permission_denials: [],
};

export function turnEnd(turn_id: string, wish: Partial<Extract<RunnerEntry, { kind: "turn_ended" }>> = {}): EntryWish {
  const base = { kind: "turn_ended", turn_id, reason: "result", result: RESULT } as const;
  return { ...base, exit_code: null, signal: null, stderr_tail: null, ...wish };
}

const encoder = new TextEncoder();

export async function hash(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Stores the pieces and names them as one file, as the runner does after a turn. */
export async function storeTranscript(
  runner: TestRunner,
  turnId: string,
  pieces: string[],
): Promise<{ transcript_version: number }> {
  const segments = await Promise.all(
    pieces.map(async (text) => ({ sha256: await hash(text), bytes: encoder.encode(text).length })),
  );
  for (const [index, { sha256, bytes }] of segments.entries()) {
    const part = { runtime_id: runner.runtimeId, sha256, total_bytes: bytes, offset: 0 };
    await runner.host!.putBodyPart({ ...part, bytes: Uint8Array.from(encoder.encode(pieces[index])) });
  }
  const files = [{ path: "c.jsonl", segments }];
  return runner.host!.commitTranscript({ runtime_id: runner.runtimeId, turn_id: turnId, files });
}

/** Runs the body inside a fresh object, on its storage. */
export async function inSession(
  body: (world: TestWorld) => Promise<void>,
  ports: Partial<SessionPorts> = {},
  teamId = newId(),
): Promise<void> {
  const sessionId = newId();
  await runInDurableObject(env.SESSION.getByName(sessionId), async (_object, state) => {
    migrate(state.storage, SESSION_MIGRATIONS);
    await body(createWorld(state, { sessionId, teamId, ports }));
  });
}

type WorldWish = { sessionId: string; teamId: string; ports: Partial<SessionPorts> };

function createWorld(state: DurableObjectState, { sessionId, teamId, ports }: WorldWish): TestWorld {
  const principal = { user_id: newId(), team_id: teamId, role: "owner" } as const;
  const project = { project_id: newId(), name: "demo", workspace_id: newId(), branch: "main", git_url: null };
  const pending = new Set<Promise<unknown>>();
  const submitWish = (wish: Partial<SubmitTurn>): SubmitTurn => ({
    principal,
    session_id: sessionId,
    must_exist: false,
    project,
    prompt: "do it",
    options: { timeout_seconds: 60 },
    ceiling: { permission_mode: "acceptEdits" },
    idempotency_key: null,
    if_busy: "queue",
    ...wish,
  });
  const world: TestWorld = {
    session: null as unknown as Session,
    restart() {
      world.session?.connection.close();
      world.session = composeSession({
        storage: state.storage,
        sockets: state,
        bucket: failing(env.BUCKET, () => world.down === "r2"),
        database: failing(env.DB, () => world.down === "d1"),
        workspace: () => testWorkspace(world),
        team: () => ({
          async requestSlot({ turn_id, ttl_seconds, works = false }) {
            if (world.down === "objects") throw new Error("down");
            world.slots.push({ turn_id, ttl_seconds, works });
            if (!world.slotFree) return { granted: false, position: world.slotPosition, limit: "team", running: 1 };
            return { granted: true, expires_at: "" };
          },
          releaseSlot: async (turnId) => {
            if (world.down === "objects") throw new Error("down");
            world.releasedSlots.push(turnId);
          },
          countSlots: async () => ({ running: 0, waiting: 0 }),
          async reserveMoney(request) {
            if (world.down === "objects") throw new Error("down");
            world.reserved.push(request);
            return world.budget ?? { ok: true, value: { nearly_reached: [] } };
          },
          settleMoney: async (settlements) => {
            if (world.down === "objects") throw new Error("down");
            world.settled.push(...settlements);
          },
          budgetStates: async () => [],
          announceAudit: async () => {},
          async appendAudit(_teamId, facts) {
            if (world.down === "objects") throw new Error("down");
            world.audited.push(...facts);
          },
          async recordTelemetry(_teamId, batch) {
            if (world.down === "objects") throw new Error("down");
            world.measured.push(batch);
          },
          readMetrics: async () => [],
          auditMarks: async () => ({ head: CHAIN_START, delivered: CHAIN_START }),
        }),
        config: readConfig(env),
        clock: { ...systemClock, nowMs: () => Date.now() + world.aheadMs },
        logger: { info: () => {}, error: (event) => world.logged.push(event) },
        background(work) {
          const done = work.catch(() => {}).finally(() => pending.delete(done));
          pending.add(done);
        },
        ...ports,
      });
    },
    principal,
    audited: [],
    measured: [],
    runner: new TestRunner(),
    lookup: null,
    leaseHeldBy: null,
    slotFree: true,
    slotPosition: 1,
    releasedSlots: [],
    reserved: [],
    settled: [],
    budget: null,
    down: null,
    storage: state.storage,
    database: failing(env.DB, () => world.down === "d1"),
    aheadMs: 0,
    fenced: [],
    fences: true,
    slots: [],
    startFails: false,
    filesLost: false,
    refusedDials: 0,
    onLeaseAsked: () => {},
    onStartAsked: () => {},
    released: [],
    endings: [],
    restored: null,
    toolCheckpoints: null,
    waitsForOperation: null,
    beforeTools: [],
    onBeforeTool: () => {},
    logged: [],
    submit: (wish = {}) => world.session.submitter.submit(submitWish(wish)),
    async begin(prompt = "do it") {
      const submitted = world.submit({ prompt });
      if (!submitted.ok) throw new Error(submitted.error.message);
      await world.session.driver.drive();
      return { turnId: submitted.value.turn_id, runner: world.runner! };
    },
    async settle() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
  world.restart();
  createSession(world.session, { ...submitWish({}), title: "do it", forked_from: null }, project);
  return world;
}

/** The binding, each of whose calls fails while it is down. */
export function failing<Binding extends object>(binding: Binding, isDown: () => boolean): Binding {
  const call =
    (name: string | symbol, method: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      // A statement is only prepared here: it is the batch that fails.
      if (isDown() && name !== "prepare") return Promise.reject(new Error("down"));
      return method.apply(binding, args);
    };
  return new Proxy(binding, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? call(name, value as (...args: unknown[]) => unknown) : value;
    },
  });
}

function testWorkspace(world: TestWorld): WorkspaceApi & Pick<Fetcher, "fetch"> {
  const unused = async (): Promise<never> => {
    throw new Error("not used by sessions");
  };
  const workspace: WorkspaceApi & Pick<Fetcher, "fetch"> = {
    async requestLease() {
      await world.onLeaseAsked();
      const { leaseHeldBy, waitsForOperation: operation, toolCheckpoints: tool_checkpoints } = world;
      if (operation !== null) return { granted: false, position: 1, held_by: "", operation };
      if (leaseHeldBy !== null) return { granted: false, position: 1, held_by: leaseHeldBy };
      return tool_checkpoints === null ? { granted: true } : { granted: true, tool_checkpoints };
    },
    async releaseLease(turnId, ending) {
      world.released.push(turnId);
      if (ending != null) world.endings.push(ending);
    },
    async beforeTool(request) {
      world.beforeTools.push(request);
      await world.onBeforeTool();
    },
    async ensureRuntime() {
      await world.onStartAsked();
      if (world.down === "sandbox") throw new Error("the platform is down");
      if (world.startFails) return { ok: false, error: { code: "sandbox_start_failed", message: "It did not start." } };
      world.runner ??= new TestRunner();
      const { runtimeId: runtime_id, protocol: protocol_version } = world.runner;
      return {
        ok: true,
        value: { runtime_id, protocol_version, files_lost: world.filesLost, restored: world.restored },
      };
    },
    async findRuntime() {
      if (world.down === "sandbox") throw new Error("the platform is down");
      if (world.lookup === "unreachable") return { state: "unreachable" };
      if (world.runner === null) return { state: "gone" };
      return { state: "running", runtime_id: world.runner.runtimeId };
    },
    async fetch(_input, init) {
      if (world.down === "sandbox") throw new Error("the platform is down");
      const wanted = new Headers((init as RequestInit).headers).get("x-berth-runtime-id");
      if (world.runner?.runtimeId !== wanted) return new Response(null, { status: 404 });
      if (world.refusedDials > 0) {
        world.refusedDials -= 1;
        return new Response(null, { status: 503 });
      }
      return world.runner.accept();
    },
    async fenceRuntime(runtimeId) {
      world.fenced.push(runtimeId);
      if (world.fences) world.runner = null;
      return world.fences;
    },
    listFiles: unused,
    readFile: unused,
    tryHook: unused,
    findClaudeBinary: unused,
    findNewestClaude: unused,
    testServer: unused,
    begin: unused,
    setStrategy: unused,
    describe: unused,
    startOperation: unused,
    waitForOperation: unused,
    mayUsePacks: unused,
    wake: unused,
    destroy: unused,
  };
  return failing(workspace, () => world.down === "objects");
}
