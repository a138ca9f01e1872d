// The Workspace object: the files of one branch, and the one sandbox that holds them. Composition root.
import { DurableObject } from "cloudflare:workers";
import { answer, failure, type Answer } from "../shared/errors/app-error.ts";
import type {
  CheckpointStrategy,
  CheckpointTarget,
  OperationView,
  StartOperation,
} from "../shared/checkpoints/schema.ts";
import { DEFAULT_CHECKPOINT_STRATEGY } from "../shared/checkpoints/schema.ts";
import { looksAtTools } from "../shared/checkpoints/strategy-policy.ts";
import type { StdioTest } from "../shared/mcp-servers/server-test.ts";
import type { HookTrial } from "../shared/hooks/sample-event.ts";
import type { AssertExtends } from "../shared/rpc/protocol.ts";
import type {
  ClaudeBinary,
  ClaudeRelease,
  FileContent,
  FileList,
  HookTrialResult,
  ListFiles,
  ReadFile,
  TestServer,
} from "../shared/rpc/runner-workspace-api.ts";
import type {
  LeaseAnswer,
  LeaseRequest,
  PackQuestion,
  RuntimeInfo,
  RuntimeLookup,
  ToolCheckpoint,
  TurnEnding,
  WorkspaceApi,
  WorkspaceIdentity,
  WorkspaceState,
} from "../shared/rpc/workspace-api.ts";
import { toFailureAnswer } from "./checkpoints/own-checkpoints.ts";
import { systemClock } from "./clock.ts";
import { readConfig } from "./config.ts";
import { createObjectLogger } from "./object-log.ts";
import { chooseSandbox } from "./sandboxes/choose-sandbox.ts";
import { isCreated, migrate } from "./sql/migrate.ts";
import { composeWorkspace, type Workspace } from "./workspaces/compose-workspace.ts";
import { dialRunner } from "./workspaces/dial-runner.ts";
import { isBootToken } from "./workspaces/boot-token.ts";
import { WORKSPACE_MIGRATIONS } from "./workspaces/schema.ts";
import { endTurn, findBusy } from "./workspaces/workspace-end.ts";
import { runWorkspaceTasks, scheduleKeeping, scheduleReview } from "./workspaces/workspace-tasks.ts";

const NOTHING_YET: WorkspaceState = { head: null, strategy: DEFAULT_CHECKPOINT_STRATEGY, busy: false, owing: false };
/** Longer than the runner gives a program. */
const TEST_SERVER_MS = 25_000;
const NO_OPERATION = failure("operation_not_found", "There is no such operation. Start it again.");

export class WorkspaceObject extends DurableObject<Env> {
  #workspace: Workspace | null = null;
  readonly #logger = createObjectLogger("workspace", this.ctx.id.name ?? this.ctx.id.toString());

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // What was under way when the object went goes on at once; the alarm is the safety net.
    if (isCreated(ctx.storage.sql)) this.#open().checkpoints.runner.kick();
  }

  #open(): Workspace {
    migrate(this.ctx.storage, WORKSPACE_MIGRATIONS);
    const config = readConfig(this.env);
    return (this.#workspace ??= composeWorkspace({
      storage: this.ctx.storage,
      bucket: this.env.BUCKET,
      database: this.env.DB,
      session: (id) => this.env.SESSION.getByName(id),
      team: (id) => this.env.TEAM.getByName(id),
      sandbox: (workspaceId) => chooseSandbox(config, this.ctx.container, workspaceId),
      config,
      clock: systemClock,
      logger: this.#logger,
      background: (work) => this.ctx.waitUntil(work.catch((error) => this.#logger.error("background_failed", error))),
    }));
  }

  /** Somebody needs the sandbox: from now on it counts how long nobody does. */
  #use(identity: WorkspaceIdentity): Workspace {
    const workspace = this.#open();
    workspace.store.identify(identity);
    scheduleKeeping(workspace);
    return workspace;
  }

  async requestLease({ identity, session_id, turn_id }: LeaseRequest): Promise<LeaseAnswer> {
    const workspace = this.#open();
    workspace.store.identify(identity);
    scheduleReview(workspace);
    // A sandbox that is being put to sleep is not what a turn should meet.
    await workspace.keeper.whenAwake();
    const lease = workspace.desk.request({ session_id, turn_id });
    const strategy = workspace.checkpoints.timeline.strategy();
    return lease.granted && looksAtTools(strategy) ? { ...lease, tool_checkpoints: strategy } : lease;
  }

  async releaseLease(turnId: string, ending: TurnEnding | null = null): Promise<void> {
    if (this.#workspace !== null) await endTurn(this.#workspace, turnId, ending);
  }

  async beforeTool(request: ToolCheckpoint): Promise<void> {
    await this.#workspace?.checkpoints.own.beforeTool(request);
  }

  async begin(
    identity: WorkspaceIdentity,
    base: CheckpointTarget | null,
    strategy: CheckpointStrategy,
  ): Promise<Answer<WorkspaceState>> {
    const workspace = this.#open();
    workspace.store.identify(identity);
    const { checkpoints } = workspace;
    return checkpoints.own.begin(base, strategy).then(() => answer(checkpoints.describe()), toFailureAnswer);
  }

  async setStrategy(identity: WorkspaceIdentity, strategy: CheckpointStrategy): Promise<void> {
    const workspace = this.#open();
    workspace.store.identify(identity);
    workspace.checkpoints.timeline.setStrategy(strategy);
  }

  async describe(): Promise<WorkspaceState> {
    return this.#workspace?.checkpoints.describe() ?? NOTHING_YET;
  }

  async startOperation(
    identity: WorkspaceIdentity,
    start: StartOperation,
    waitMs: number,
  ): Promise<Answer<OperationView>> {
    const { desk } = this.#use(identity).checkpoints;
    const started = desk.start(start);
    return started.ok ? desk.wait(start.operation_id, waitMs) : started;
  }

  async waitForOperation(operationId: string, waitMs: number): Promise<Answer<OperationView>> {
    return this.#workspace?.checkpoints.desk.wait(operationId, waitMs) ?? NO_OPERATION;
  }

  async mayUsePacks(question: PackQuestion): Promise<boolean> {
    return this.#workspace?.checkpoints.engine.mayUsePacks(question) ?? false;
  }

  async ensureRuntime(identity: WorkspaceIdentity): Promise<Answer<RuntimeInfo>> {
    return this.#use(identity).keeper.ensure(identity);
  }

  async findRuntime(): Promise<RuntimeLookup> {
    return this.#workspace === null ? { state: "gone" } : this.#workspace.keeper.find();
  }

  async fenceRuntime(runtimeId: string): Promise<boolean> {
    return this.#workspace === null ? true : this.#workspace.keeper.fence(runtimeId);
  }

  async listFiles(identity: WorkspaceIdentity, request: ListFiles): Promise<Answer<FileList>> {
    return this.#use(identity).askStarted(identity, (runner) => runner.listFiles(request));
  }

  async readFile(identity: WorkspaceIdentity, request: ReadFile): Promise<Answer<FileContent>> {
    return this.#use(identity).askStarted(identity, (runner) => runner.readFile(request));
  }

  async tryHook(identity: WorkspaceIdentity, trial: HookTrial): Promise<Answer<HookTrialResult>> {
    return this.#use(identity).askStarted(identity, (runner) => runner.tryHook(trial));
  }

  async findClaudeBinary(identity: WorkspaceIdentity): Promise<Answer<ClaudeBinary>> {
    return this.#use(identity).askStarted(identity, (runner) => runner.findClaudeBinary());
  }

  async findNewestClaude(identity: WorkspaceIdentity): Promise<Answer<ClaudeRelease>> {
    return this.#use(identity).askStarted(identity, (runner) => runner.findNewestClaude());
  }

  async testServer(identity: WorkspaceIdentity, server: TestServer): Promise<Answer<StdioTest>> {
    return this.#use(identity).askStarted(identity, (runner) => runner.testServer(server), TEST_SERVER_MS);
  }

  async wake(request: { runtime_id: string; session_id: string; boot_token: string }): Promise<boolean> {
    const runtime = this.#workspace?.store.runtime();
    if (runtime === null || runtime === undefined || runtime.runtime_id !== request.runtime_id) return false;
    if (!(await isBootToken(request.boot_token, runtime.boot_token))) return false;
    if (!this.#workspace?.store.attached().includes(request.session_id)) return false;
    await this.env.SESSION.getByName(request.session_id).wake(request.runtime_id);
    return true;
  }

  async destroy(): Promise<Answer<null>> {
    const workspace = this.#workspace;
    if (workspace === null) return answer(null);
    const busy = await findBusy(workspace);
    if (busy !== null) return busy;
    const sessions = workspace.store.attached().map((id) => this.env.SESSION.getByName(id));
    await Promise.all(sessions.map((session) => session.projectDeleted()));
    await workspace.keeper.stop({ erase: true });
    this.#workspace = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    return answer(null);
  }

  /** Session objects dial the runner through here; nothing outside reaches it. */
  override async fetch(request: Request): Promise<Response> {
    if (this.#workspace === null) return new Response(null, { status: 404 });
    return dialRunner(this.#workspace, request);
  }

  override async alarm(): Promise<void> {
    if (this.#workspace !== null) await runWorkspaceTasks(this.#workspace, this.#logger);
  }
}

/** Fails to compile when the class is not the contract. */
type _WorkspaceObjectProof = AssertExtends<WorkspaceObject, WorkspaceApi>;
