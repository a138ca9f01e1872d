// Carries operations out, one after the other as each gets the lease: begun again after a cut, ended once.
import { AppError, type Failure } from "../../shared/errors/app-error.ts";
import type { OperationResult } from "../../shared/checkpoints/schema.ts";
import type { Clock } from "../clock.ts";
import type { EventBell } from "../events/event-bell.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { LeaseDesk } from "../workspaces/lease-desk.ts";
import type { LeaseKind, LeaseStore } from "../workspaces/lease-store.ts";
import { FencedError } from "../workspaces/runner-workspace.ts";
import type { Engine } from "./engine.ts";
import type { OperationRow, OperationStore } from "./operation-store.ts";

/** What a person waits for is tried so often; what is owed, until it is done. */
const MAX_ATTEMPTS = 4;
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 10 * 60_000;
/** While anything is left to do the alarm looks after it this often. */
export const LOOK_AGAIN_MS = 20_000;

type Parts = {
  operations: OperationStore;
  leases: LeaseStore;
  desk: Pick<LeaseDesk, "release">;
  engine: Pick<Engine, "setPhase">;
  perform(operation: OperationRow, letGo: () => void): Promise<OperationResult | null>;
  clock: Clock;
  logger: ObjectLogger;
  bell: EventBell;
  background(work: Promise<unknown>): void;
  lookAgainAt(atMs: number): void;
};

export type OperationRunner = {
  /** Goes on with what there is to do, without being waited for. */
  kick(): void;
  /** The one that is under way in this moment. */
  current(): string | null;
};

export function createOperationRunner(parts: Parts): OperationRunner {
  const { operations } = parts;
  let isRunning = false;
  let current: string | null = null;

  const run = async (): Promise<void> => {
    try {
      for (let next = chooseNext(parts); next !== null; next = chooseNext(parts)) {
        current = next.operation_id;
        await attempt(parts, next);
        current = null;
      }
    } finally {
      current = null;
      isRunning = false;
      scheduleLook(parts);
    }
  };

  return {
    current: () => current,
    kick() {
      scheduleLook(parts);
      if (isRunning || operations.unended().length === 0) return;
      isRunning = true;
      parts.background(run());
    },
  };
}

/** As long as anything is left to do there is a time at which it is looked at. */
function scheduleLook({ operations, clock, lookAgainAt }: Parts): void {
  const unended = operations.unended();
  if (unended.length === 0) return;
  const nowMs = clock.nowMs();
  const nextMs = Math.min(...unended.map(({ retry_at }) => retry_at ?? Infinity));
  lookAgainAt(Math.min(nowMs + LOOK_AGAIN_MS, Math.max(nextMs, nowMs)));
}

/** Every one that is due stands in the queue; the one that holds the lease is next. */
function chooseNext({ operations, leases, clock }: Parts): OperationRow | null {
  const nowMs = clock.nowMs();
  const due = operations.unended().filter(({ retry_at }) => (retry_at ?? 0) <= nowMs);
  for (const { operation_id, kind } of due)
    leases.join({ turn_id: operation_id, session_id: "", kind: leaseKindOf(kind) });
  const holder = leases.holder();
  return due.find(({ operation_id }) => operation_id === holder?.turn_id) ?? null;
}

export function leaseKindOf(kind: OperationRow["kind"]): LeaseKind {
  if (kind === "restore") return "restore";
  return kind === "bundle" ? "export" : "checkpoint";
}

async function attempt(parts: Parts, operation: OperationRow): Promise<void> {
  const { operations, desk, clock, engine } = parts;
  const { operation_id } = operation;
  operations.begin(operation_id);
  engine.setPhase(operation_id, "starting");
  try {
    const result = await parts.perform(operation, () => desk.release(operation_id));
    operations.end(operation_id, { result, error: null, nowMs: clock.nowMs() });
  } catch (error) {
    parts.logger.error("operation_failed", error, {
      operation_id,
      kind: operation.kind,
      attempt: operation.attempts + 1,
    });
    giveUpOrRetry(parts, operation, error);
  }
  const left = operations.get(operation_id);
  // What nobody waits for lets others go on before it is tried again; a restore that stopped halfway does not.
  if (left?.status !== "queued" || isOwn(operation)) desk.release(operation_id);
  parts.bell.ring();
}

function isOwn({ kind }: OperationRow): boolean {
  return kind === "turn" || kind === "sleep";
}

function giveUpOrRetry({ operations, clock }: Parts, operation: OperationRow, error: unknown): void {
  const { operation_id, kind } = operation;
  const attempts = operation.attempts + 1;
  const isFinal = kind === "sleep" || (kind !== "turn" && (error instanceof AppError || attempts >= MAX_ATTEMPTS));
  if (isFinal)
    return operations.end(operation_id, { result: null, error: explain(operation, error), nowMs: clock.nowMs() });
  // What a replaced runtime said is thrown away, and nothing is wrong with the new one.
  const pauseMs =
    error instanceof FencedError && attempts < MAX_ATTEMPTS
      ? 0
      : Math.min(MAX_RETRY_MS, RETRY_MS * 4 ** (attempts - 1));
  operations.retryAt(operation_id, clock.nowMs() + pauseMs);
}

function explain({ kind, state }: OperationRow, error: unknown): Failure {
  if (kind === "restore") return explainRestore(state, error);
  if (error instanceof AppError) return { code: error.code, message: error.message };
  if (kind === "bundle") {
    return {
      code: "sandbox_unavailable",
      message: "The export was not made: the sandbox did not answer to the end. Call again.",
    };
  }
  const message =
    "The checkpoint was not taken: the sandbox or the storage did not answer to the end. The one before it stands. Call again.";
  return { code: "checkpoint_failed", message };
}

/** Nothing was changed before a backup was seen to. */
function explainRestore(state: OperationRow["state"], error: unknown): Failure {
  if (state.restored !== undefined) {
    const message = `The files were restored, and are the checkpoint ${state.restored.checkpoint_id}; not every conversation went back with them. Restore the same checkpoint again.`;
    return { code: "restore_failed", message };
  }
  if (error instanceof AppError && error.code !== "internal") return { code: error.code, message: error.message };
  const message =
    state.backup === undefined
      ? "The restore did not begin: the sandbox or the storage did not answer. Nothing was changed. Call again."
      : `The restore stopped before its end, and some files may be changed already. Restore the same checkpoint again${state.backup === null ? "" : `, or go back to ${state.backup.checkpoint_id}`}.`;
  return { code: "restore_failed", message };
}
