// The way to the runner for checkpoints: one job at a time, its tokens, its progress, and the fence against a replaced runtime.
import { RpcTarget } from "capnweb";
import type { OperationProgress } from "../../shared/checkpoints/schema.ts";
import { RUN_TOKEN_TTL_SECONDS } from "../../shared/limits.ts";
import {
  operationProgressSchema,
  type CheckpointHostApi,
  type PackTokens,
} from "../../shared/rpc/runner-checkpoint-api.ts";
import type { AssertExtends } from "../../shared/rpc/protocol.ts";
import type { RunnerWorkspaceApi } from "../../shared/rpc/runner-workspace-api.ts";
import type { PackQuestion } from "../../shared/rpc/workspace-api.ts";
import { signRunToken } from "../../shared/tokens/run-token-signature.ts";
import type { Clock } from "../clock.ts";
import { type Ask, FencedError } from "../workspaces/runner-workspace.ts";
import { createExclusive, type Exclusive } from "../exclusive.ts";

/** Generous: a first checkpoint of a large workspace goes over a slow line. */
const JOB_DEADLINE_MS = 30 * 60_000;

export type EngineJob = {
  operation_id: string;
  runtime_id: string;
  writes: boolean;
  /** Packs that it may read. */
  reads: readonly string[];
  captured?(): void;
};

export type EngineCall<T> = (runner: RunnerWorkspaceApi, host: CheckpointHostApi, tokens: PackTokens) => Promise<T>;

export type Engine = {
  /** Whoever touches the files, or what is known of them, does so alone. */
  exclusively: Exclusive;
  /** Somebody does, or waits for it. */
  isWorking(): boolean;
  run<T>(job: EngineJob, call: EngineCall<T>): Promise<T>;
  mayUsePacks(question: PackQuestion): boolean;
  progress(operationId: string): OperationProgress | null;
  setPhase(operationId: string, phase: OperationProgress["phase"]): void;
  /** Gives up every job of another runtime than this. */
  fence(runtimeId: string | null): void;
};

type Owner = { team_id: string; project_id: string; workspace_id: string };
type Parts = {
  owner(): Owner | null;
  runtimeId(): string | null;
  ask: Ask;
  secret: string;
  clock: Clock;
};
type Open = { job: EngineJob; packs: ReadonlySet<string>; giveUp(error: Error): void };

const NOTHING = { files: 0, files_total: null, bytes: 0, bytes_total: null };

export function createEngine(parts: Parts): Engine {
  const open = new Set<Open>();
  const inOrder = createExclusive();
  let working = 0;
  const progress = new Map<string, OperationProgress>();

  const run = async <T>(job: EngineJob, call: EngineCall<T>): Promise<T> => {
    if (parts.runtimeId() !== job.runtime_id) throw new FencedError();
    const { promise: fenced, reject: giveUp } = Promise.withResolvers<never>();
    const entry: Open = { job, packs: new Set(job.reads), giveUp };
    open.add(entry);
    try {
      const tokens = await issueTokens(parts, job);
      const host = new CheckpointHost({
        progress: (told) => void progress.set(job.operation_id, told),
        captured: () => job.captured?.(),
        renewTokens: () => (open.has(entry) ? issueTokens(parts, job) : Promise.reject(new FencedError())),
      });
      // No other runtime is asked, so that no other one's answer comes back.
      const asking = parts.ask((runner) => call(runner, host, tokens), JOB_DEADLINE_MS, job.runtime_id);
      return await Promise.race([asking, fenced]);
    } finally {
      open.delete(entry);
      progress.delete(job.operation_id);
    }
  };

  return {
    isWorking: () => working > 0,
    async exclusively(work) {
      working += 1;
      try {
        return await inOrder(work);
      } finally {
        working -= 1;
      }
    },
    run,
    mayUsePacks({ team_id, runtime_id, operation_id, read_pack }) {
      if (parts.owner()?.team_id !== team_id || parts.runtimeId() !== runtime_id) return false;
      for (const { job, packs } of open) {
        if (job.operation_id !== operation_id || job.runtime_id !== runtime_id) continue;
        if (read_pack === null ? job.writes : packs.has(read_pack)) return true;
      }
      return false;
    },
    progress: (operationId) => progress.get(operationId) ?? null,
    setPhase: (operationId, phase) => void progress.set(operationId, { ...NOTHING, phase }),
    fence(runtimeId) {
      for (const { job, giveUp } of open) if (job.runtime_id !== runtimeId) giveUp(new FencedError());
    },
  };
}

async function issueTokens({ owner, secret, clock }: Parts, job: EngineJob): Promise<PackTokens> {
  const own = owner();
  if (own === null) throw new FencedError();
  const expires_at = Math.floor(clock.nowMs() / 1000) + RUN_TOKEN_TTL_SECONDS;
  const { team_id, project_id, workspace_id } = own;
  const { operation_id, runtime_id } = job;
  const claims = { version: 1, team_id, project_id, workspace_id, operation_id, runtime_id, expires_at } as const;
  const sign = async (route: "packs:write" | "packs:read") => ({
    token: await signRunToken({ ...claims, route }, secret, crypto.subtle),
    expires_at,
  });
  return {
    write: job.writes ? await sign("packs:write") : null,
    read: job.reads.length > 0 ? await sign("packs:read") : null,
  };
}

/** What the runner may call back while a job is under way. */
class CheckpointHost extends RpcTarget {
  readonly #parts: {
    progress(progress: OperationProgress): void;
    captured(): void;
    renewTokens(): Promise<PackTokens>;
  };
  constructor(parts: {
    progress(told: OperationProgress): void;
    captured(): void;
    renewTokens(): Promise<PackTokens>;
  }) {
    super();
    this.#parts = parts;
  }
  async progress(progress: OperationProgress): Promise<void> {
    this.#parts.progress(operationProgressSchema.parse(progress));
  }
  async captured(): Promise<void> {
    this.#parts.captured();
  }
  async renewTokens(): Promise<PackTokens> {
    return this.#parts.renewTokens();
  }
}

/** Fails to compile when the class is not the contract. */
type _CheckpointHostProof = AssertExtends<CheckpointHost, CheckpointHostApi>;
