// The runner's checkpoint engine: forks it when there is work, queues jobs, passes on what they ask, and ends it when idle.
import type { OperationProgress } from "../../../shared/checkpoints/schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { Config } from "../../config.ts";
import { logFailure } from "../../log.ts";
import type { EngineJob, EngineTokens, FromEngine } from "./engine-messages.ts";
import { type EngineProcess, prepareEngineFolder, startEngineProcess } from "./engine-process.ts";

/** Whom a job tells, and asks for tokens. Failures of these are not the job's. */
export type JobHost = {
  tokens: EngineTokens;
  progress(progress: OperationProgress): void;
  captured(): void;
  /** Null when none could be had. */
  renewTokens(): Promise<EngineTokens | null>;
};

export type CheckpointEngine = {
  /** Jobs are done one after the other. The answer is what the engine says, for the caller to parse. */
  run(operationId: string, job: EngineJob, host: JobHost): Promise<unknown>;
  /** There will be a job soon: its process starts now. Never throws; the job says what is wrong. */
  warmUp(): void;
  stop(): void;
};

const IDLE_MS = 5 * 60_000;

type CurrentJob = {
  id: number;
  host: JobHost;
  process: EngineProcess;
  resolve(value: unknown): void;
  reject(error: Error): void;
};

export function createCheckpointEngine(config: Config): CheckpointEngine {
  let engine: EngineProcess | null = null;
  let current: CurrentJob | null = null;
  let idle: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let isStopped = false;
  let ids = 0;

  function stop(): void {
    clearTimeout(idle);
    engine?.kill();
    engine = null;
  }
  function start(folder: string): EngineProcess {
    const started: EngineProcess = startEngineProcess(config, folder, {
      onMessage: (message) => {
        if (current?.process === started && current.id === message.id) follow(current, message);
      },
      onGone() {
        if (engine === started) engine = null;
        if (current?.process === started) current.reject(gone());
      },
    });
    return started;
  }
  async function runNow(operationId: string, job: EngineJob, host: JobHost): Promise<unknown> {
    if (isStopped) throw gone();
    clearTimeout(idle);
    const folder = prepareEngineFolder(config);
    const process = (engine ??= start(folder));
    const id = ++ids;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    current = { id, host, process, resolve, reject };
    const { workspaceDir, edgeUrl } = config;
    const about = { operation_id: operationId, settings: { workspaceDir, edgeUrl, stateDir: folder } };
    process.say({ type: "job", id, ...about, job, tokens: host.tokens });
    try {
      return await promise;
    } finally {
      current = null;
      idle = setTimeout(stop, IDLE_MS).unref();
    }
  }
  function warmUp(): void {
    if (isStopped || engine !== null) return;
    engine = start(prepareEngineFolder(config));
    idle = setTimeout(stop, IDLE_MS).unref();
  }
  return {
    warmUp: () => quietly(warmUp),
    run(operationId, job, host) {
      const result = queue.then(() => runNow(operationId, job, host));
      queue = result.catch(() => {});
      return result;
    },
    stop() {
      isStopped = true;
      stop();
    },
  };
}

/** The job that needs it says what is wrong. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    logFailure("engine_not_started", error);
  }
}

function follow({ id, host, process, resolve, reject }: CurrentJob, message: FromEngine): void {
  if (message.type === "done") resolve(message.value);
  else if (message.type === "failed") reject(asError(message));
  else if (message.type === "progress") host.progress(message.progress);
  else if (message.type === "captured") host.captured();
  else void host.renewTokens().then((tokens) => process.say({ type: "tokens", id, tokens }));
}

const gone = () =>
  new AppError("checkpoint_failed", "The program that reads and writes the workspace was ended. Try again.");

function asError({ failure, kind }: Extract<FromEngine, { type: "failed" }>): Error {
  if (failure !== null) return new AppError(failure.code, failure.message);
  return Object.assign(new Error("The engine failed in a way that nobody expected"), { code: kind });
}
