// One session inside the runner, as its object sees it: hello, turns, status, end.
import { RUNNER_PROTOCOL_VERSION, SUPPORTED_RUNNER_PROTOCOLS } from "../../shared/rpc/protocol.ts";
import type {
  RunnerStatus,
  SessionHello,
  SessionHelloRequest,
  Steer,
  TurnStart,
  TurnStartState,
} from "../../shared/rpc/runner-session-api.ts";
import { RUNNER_VERSION } from "../config.ts";
import { newId } from "../new-id.ts";
import { listProcesses } from "../processes/process-list.ts";
import type { HostConnection } from "../rpc/host-link.ts";
import { createSessionParts, type SessionParts, type SessionSettings } from "./session-parts.ts";
import { feedTurn } from "./turn-feeder.ts";

/** A CLI that does not give the result of its interrupted turn by then is ended with it. */
const END_OF_TURN_MS = 3_000;

export type Session = ReturnType<typeof createSession>;

export function createSession(settings: SessionSettings) {
  const parts = createSessionParts(settings);
  const { spool, link, turns, recorder, holder } = parts;
  let isDisposed = false;

  function status(): RunnerStatus {
    return {
      runtime_id: settings.runtimeId,
      running_turn_id: turns.running()?.turnId ?? null,
      cli_live: holder.current() !== null,
      background_tasks: recorder.backgroundTasks(),
      last_source_seq: spool.lastSeq(),
    };
  }

  function hello(request: SessionHelloRequest, connection: HostConnection): SessionHello {
    checkHello(request, settings.sessionId);
    if (isDisposed) throw new Error("This connection's session has ended; open another connection.");
    if (request.acknowledged_runtime_id === settings.runtimeId) spool.acknowledge(request.acknowledged_source_seq);
    // The answer goes out before the first entry: the object knows the runtime by then.
    setImmediate(() => link.attach(connection, request.previews));
    return { protocol_version: RUNNER_PROTOCOL_VERSION, runner_version: RUNNER_VERSION, ...status() };
  }

  function startTurn(turn: TurnStart): { state: TurnStartState } {
    if (turns.isKnown(turn.turn_id)) return { state: "known" };
    if (isDisposed) throw new Error("This connection's session has ended; open another connection.");
    if (turns.running() !== null) return { state: "busy" };
    if (!parts.configuration.take(turn)) return { state: "needs_configuration" };
    turns.begin(turn.turn_id, { timeoutSeconds: turn.timeout_seconds, silenceSeconds: turn.silence_seconds });
    void feedTurn(parts, turn);
    return { state: "started" };
  }

  return {
    hello,
    startTurn,
    steerTurn: createSteering(turns),
    listProcesses: () => listProcesses(parts.started, holder.current()?.pid ?? null, Date.now()),
    killProcess: (request: { pid: number; force: boolean }) => killListed(parts, request),
    listTasks: parts.tasks.list,
    stopTask: (taskId: string) => stopTask(parts, taskId),
    readTaskOutput: async (taskId: string) => ({ output: (await holder.current()?.readTaskOutput(taskId)) ?? null }),
    setLiveOptions: holder.applyLive,
    status,
    shutdown: () => stopSession(parts),
    isBusy: parts.isBusy,
    /** Something that it said, or its conversation, is stored here alone. */
    hasUnsaid: () => spool.acknowledgedSeq() < spool.lastSeq() || !parts.uploader.isStored(),
    detach: link.detach,
    setPreviews: link.setPreviews,
    interruptTurn: (turnId: string) => turns.stop(turnId, "interrupted"),
    /** Everything that it said is acknowledged, and its conversation is stored. */
    whenFlushed: () => spool.whenEmpty().then(() => parts.uploader.whenStored()),
    dispose(): void {
      isDisposed = true;
      parts.stop();
    },
  };
}

/** The CLI folds what it is given into its running turn. */
function createSteering(turns: SessionParts["turns"]) {
  const steered = new Set<string>();
  return (steer: Steer): { state: "folded" | "known" | "over" } => {
    if (steered.has(steer.steer_id)) return { state: "known" };
    const running = turns.running();
    if (running?.turnId !== steer.turn_id || running.cli === null || running.stop !== null) return { state: "over" };
    steered.add(steer.steer_id);
    running.cli.push(steer.prompt, newId(), "next");
    return { state: "folded" };
  };
}

function checkHello(request: SessionHelloRequest, sessionId: string): void {
  if (request.session_id !== sessionId) throw new Error("This connection belongs to another session.");
  if (SUPPORTED_RUNNER_PROTOCOLS.includes(request.protocol_version)) return;
  const spoken = SUPPORTED_RUNNER_PROTOCOLS.join(", ");
  throw new Error(`This runner speaks protocol ${spoken}; replace the sandbox with the current image.`);
}

/** Only what is this session's own is ended, whatever number was asked for. */
function killListed({ started }: SessionParts, { pid, force }: { pid: number; force: boolean }): { killed: boolean } {
  if (!listProcesses(started, null, Date.now()).some((listed) => listed.pid === pid)) return { killed: false };
  process.kill(pid, force ? "SIGKILL" : "SIGTERM");
  return { killed: true };
}

/** Claude Code refuses one that ended a moment before. */
async function stopTask({ tasks, holder }: SessionParts, taskId: string): Promise<{ stopped: boolean }> {
  const isRunning = () => tasks.list().some((task) => task.task_id === taskId && task.status === "running");
  const cli = holder.current();
  if (cli === null || !isRunning()) return { stopped: false };
  try {
    await cli.stopTask(taskId);
    return { stopped: true };
  } catch (error) {
    if (isRunning()) throw error;
    return { stopped: false };
  }
}

/** Stops the running turn and the CLI; what was recorded stays until it is acknowledged. */
async function stopSession({ turns, holder }: SessionParts): Promise<void> {
  const running = turns.running();
  if (running !== null) turns.stop(running.turnId, "interrupted");
  await Promise.race([turns.whenIdle(), new Promise((resolve) => setTimeout(resolve, END_OF_TURN_MS).unref())]);
  await holder.end();
}
