// Builds a workspace's collaborators around one object's storage. Nothing here decides anything.
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import type { RunnerWorkspaceApi } from "../../shared/rpc/runner-workspace-api.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { TelemetryApi } from "../../shared/rpc/telemetry-api.ts";
import type { TelemetryTeller } from "../../shared/telemetry/teller.ts";
import type { WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import { createAlarmClock } from "../alarms/alarm-clock.ts";
import { composeCheckpoints, type CheckpointParts, type Checkpoints } from "../checkpoints/compose-checkpoints.ts";
import type { Clock } from "../clock.ts";
import { withDeadline } from "../deadline.ts";
import type { ObjectConfig } from "../config.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { SandboxPort } from "../sandboxes/sandbox-port.ts";
import { createObjectTeller } from "../telemetry/object-teller.ts";
import { createLeaseDesk } from "./lease-desk.ts";
import { createLeaseStore } from "./lease-store.ts";
import { type Ask, createRunnerAsker } from "./runner-workspace.ts";
import { createStartCircuit } from "./start-circuit.ts";
import { createRuntimeKeeper, type RuntimeKeeper } from "./runtime-keeper.ts";
import { createWorkspaceStore, type WorkspaceStore } from "./workspace-store.ts";

export const WORKSPACE_TASKS = ["review", "keep", "operate", "outbox"] as const;
export type WorkspaceTask = (typeof WORKSPACE_TASKS)[number];

const QUESTION_DEADLINE_MS = 20_000;
/** Together with the question it stays below the 40 seconds that a call may take. */
const READY_DEADLINE_MS = 15_000;
const CLONE_DEADLINE_MS = 10 * 60_000;

export type WorkspacePorts = {
  storage: DurableObjectStorage;
  bucket: CheckpointParts["bucket"];
  database: D1Database;
  session(sessionId: string): SessionApi;
  team(teamId: string): Pick<TelemetryApi, "recordTelemetry">;
  sandbox(workspaceId: () => string): SandboxPort;
  config: ObjectConfig;
  clock: Clock;
  logger: ObjectLogger;
  background(work: Promise<unknown>): void;
  /** Pauses between tries; tests pass over them. */
  sleep?(ms: number): Promise<void>;
};

export type Workspace = ReturnType<typeof composeWorkspace>;

export function composeWorkspace(ports: WorkspacePorts) {
  const { storage, clock } = ports;
  const store = createWorkspaceStore(storage.sql);
  const sandbox = ports.sandbox(() => store.get()?.workspace_id ?? "");
  const leases = createLeaseStore(storage.sql);
  const { isOn } = ports.config.telemetry;
  const teamId = () => store.get()?.team_id ?? null;
  const telemetry = createObjectTeller({ ...ports, newId: clock.newId, isOn, teamId });

  const askRunner = createRunnerAsker(sandbox);
  const ask: Ask = (question, deadlineMs = QUESTION_DEADLINE_MS, runtimeId) => {
    const address = { bootToken: store.runtime()?.boot_token ?? "", runtimeId };
    return askRunner(address, { deadlineMs, ask: question });
  };

  // The keeper fills a new disk from a checkpoint, and a checkpoint needs what the keeper keeps.
  const late = { checkpoints: null as Checkpoints | null };
  const keeper = composeKeeper(ports, { store, sandbox, ask, telemetry, checkpoints: () => late.checkpoints });
  const alarms = createAlarmClock<WorkspaceTask>(storage, clock.nowMs);
  const desk = createLeaseDesk({
    leases,
    session: ports.session,
    background: ports.background,
    operationGranted: () => late.checkpoints?.runner.kick(),
  });
  const checkpoints = composeCheckpoints({
    ...ports,
    ask,
    keeper,
    workspace: store,
    leases,
    desk,
    secret: ports.config.runTokenSecret,
    telemetry,
    operateAt: (atMs) => alarms.reschedule("operate", atMs),
    onOwed: () => alarms.schedule("outbox", clock.nowMs()),
  });
  late.checkpoints = checkpoints;
  return {
    store,
    clock,
    sandbox,
    leases,
    keeper,
    desk,
    alarms,
    checkpoints,
    idleMs: ports.config.sandboxIdleMs,
    askStarted: createAskStarted(ports, { keeper, ask }),
    /** Remembers whether a fresh disk would be missing something. */
    async noteFiles(): Promise<void> {
      if (store.get()?.has_files === true) return;
      // A runtime that was there and does not answer any more takes along what its turn had made.
      const wasThere = store.runtime()?.runtime_id != null;
      if (await ask((runner) => runner.isWorkspaceChanged()).catch(() => wasThere)) store.setHasFiles();
    },
  };
}

/** Asks the runner, after starting a sandbox where none runs. */
function createAskStarted(
  { background, logger }: WorkspacePorts,
  { keeper, ask }: { keeper: RuntimeKeeper; ask: Ask },
): AskStarted {
  return async (identity, question, deadlineMs) => {
    const ready = keeper.ensure(identity);
    const runtime = await withDeadline(ready, READY_DEADLINE_MS).catch(() => null);
    if (runtime === null) {
      background(ready);
      return failure("sandbox_unavailable", "The project's sandbox is still being made ready. Try again in a moment.");
    }
    if (!runtime.ok) return runtime;
    try {
      return await ask(question, deadlineMs);
    } catch (error) {
      logger.error("runner_question_failed", error);
      return failure("sandbox_unavailable", "The sandbox does not answer. Try again in a moment.");
    }
  };
}

type AskStarted = <T>(
  identity: WorkspaceIdentity,
  question: (runner: RunnerWorkspaceApi) => Promise<Answer<T>>,
  deadlineMs?: number,
) => Promise<Answer<T>>;
type KeeperNeeds = {
  store: WorkspaceStore;
  sandbox: SandboxPort;
  ask: Ask;
  telemetry: TelemetryTeller;
  checkpoints(): Checkpoints | null;
};

function composeKeeper(ports: WorkspacePorts, needs: KeeperNeeds): RuntimeKeeper {
  const { store, sandbox, ask, telemetry, checkpoints } = needs;
  const { storage, config, clock, logger } = ports;
  return createRuntimeKeeper({
    store,
    sandbox,
    circuit: createStartCircuit({
      sql: storage.sql,
      logger,
      nowMs: clock.nowMs,
      random: Math.random,
      sleep: ports.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    }),
    onStarted({ ms, ok }) {
      const attributes = { runtime: "claude_code", sandbox: config.sandbox, outcome: ok ? "ok" : "error" };
      telemetry.point({ name: "claude_code.sandbox.start.duration", value: ms / 1000, attributes });
    },
    nowMs: clock.nowMs,
    newBootToken,
    sandboxEnv: (identity, bootToken) => ({
      BERTH_BOOT_TOKEN: bootToken,
      BERTH_EDGE_URL: config.sandboxEdgeUrl,
      BERTH_WORKSPACE_ID: identity.workspace_id,
      BERTH_CLI_IDLE_MINUTES: String(config.cliIdleMinutes),
    }),
    isKept: () => checkpoints()?.wakeUp.hasHead() === true,
    isUnsaved: () => checkpoints()?.timeline.isUnsaved() === true,
    async prepare({ git_url }): Promise<Answer<null>> {
      const wakeUp = checkpoints()?.wakeUp;
      if (wakeUp?.hasHead() === true) return wakeUp.fill();
      if (git_url === null) return answer(null);
      const request = { git_url, allow_insecure: config.allowInsecureGit };
      const cloned = await ask((runner) => runner.cloneRepository(request), CLONE_DEADLINE_MS);
      return cloned.ok ? answer(null) : cloned;
    },
    // Told once: who talks to the next runtime attaches again.
    announce(runtimeId) {
      checkpoints()?.engine.fence(runtimeId);
      return announce(ports, store.takeAttached(), runtimeId);
    },
  });
}

async function announce(ports: WorkspacePorts, sessionIds: string[], runtimeId: string | null): Promise<void> {
  for (const sessionId of sessionIds) {
    // Not waited for: a session that starts this very runtime waits for us.
    ports.background(ports.session(sessionId).runtimeChanged(runtimeId));
  }
}

function newBootToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
