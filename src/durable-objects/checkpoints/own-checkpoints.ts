// The checkpoints that nobody asks for: after a turn, before a tool call, before the sandbox sleeps, and a branch's first.
import type { CheckpointStrategy, CheckpointTarget } from "../../shared/checkpoints/schema.ts";
import { decideToolKind } from "../../shared/checkpoints/strategy-policy.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { CHECKPOINTS_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import type { ToolCheckpoint, TurnEnding } from "../../shared/rpc/workspace-api.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { LeaseDesk } from "../workspaces/lease-desk.ts";
import type { LeaseStore } from "../workspaces/lease-store.ts";
import { ownerOf, type CheckpointRecorder, type RecorderParts } from "./checkpoint-recorder.ts";
import type { CheckpointTaker } from "./checkpoint-taker.ts";
import type { Engine } from "./engine.ts";
import { NO_ONE } from "./work-parts.ts";
import type { OperationRunner } from "./operation-runner.ts";
import type { OperationStore } from "./operation-store.ts";

type Parts = RecorderParts & {
  recorder: CheckpointRecorder;
  taker: CheckpointTaker;
  engine: Engine;
  operations: OperationStore;
  runner: OperationRunner;
  leases: LeaseStore;
  desk: Pick<LeaseDesk, "release">;
  background(work: Promise<unknown>): void;
  logger: ObjectLogger;
};

export type OwnCheckpoints = {
  /** The turn's lease goes to its checkpoint first, where one can be taken. */
  turnEnded(turnId: string, ending: TurnEnding | null): void;
  beforeTool(request: ToolCheckpoint): Promise<void>;
  /** Has the last checkpoint before a sleep taken, once. */
  beforeSleep(): void;
  begin(base: CheckpointTarget | null, strategy: CheckpointStrategy): Promise<void>;
};

export function createOwnCheckpoints(parts: Parts): OwnCheckpoints {
  return {
    turnEnded: (turnId, ending) => turnEnded(parts, turnId, ending),
    beforeTool: (request) => beforeTool(parts, request),
    beforeSleep() {
      const { operations, clock, leases, runner } = parts;
      if (operations.unended().length > 0) return runner.kick();
      const operation_id = clock.newId();
      operations.add({ operation_id, request: { kind: "sleep" }, nowMs: clock.nowMs() });
      leases.join({ turn_id: operation_id, session_id: "", kind: "checkpoint" });
      runner.kick();
    },
    async begin(base, strategy) {
      await parts.engine.exclusively(() => begin(parts, base, strategy));
    },
  };
}

function canTake({ workspace }: Parts): boolean {
  return (workspace.runtime()?.protocol_version ?? 0) >= CHECKPOINTS_PROTOCOL_VERSION;
}

function turnEnded(parts: Parts, turnId: string, ending: TurnEnding | null): void {
  const { operations, storage, clock, leases, timeline } = parts;
  const operation_id = clock.newId();
  const isTaken = storage.transactionSync(() => {
    const runtime_id = parts.workspace.runtime()?.runtime_id;
    if (ending === null || runtime_id == null || !canTake(parts)) return false;
    const request = { kind: "turn", ending, runtime_id } as const;
    // A release that is repeated finds its checkpoint queued already.
    if (!operations.add({ operation_id, request, nowMs: clock.nowMs() })) return false;
    operations.prune(clock.nowMs());
    supersede(parts, operation_id);
    timeline.noteTurn(ending);
    leases.replace(turnId, { turn_id: operation_id, session_id: "", kind: "checkpoint" });
    return true;
  });
  if (isTaken) parts.runner.kick();
  else parts.desk.release(turnId);
}

/** What was owed for an earlier turn is in the files that the newer one left: one checkpoint holds both. */
function supersede({ operations, runner, clock, leases }: Parts, newest: string): void {
  for (const { operation_id, kind } of operations.unended()) {
    if (kind !== "turn" || operation_id === newest || operation_id === runner.current()) continue;
    operations.end(operation_id, { result: null, error: null, nowMs: clock.nowMs() });
    leases.leave(operation_id);
  }
}

/** Back once every file was read; what is left of it goes on while the tool works. */
async function beforeTool(parts: Parts, { turn_id, session_id, ...tool }: ToolCheckpoint): Promise<void> {
  const { timeline, leases, workspace, engine, logger } = parts;
  const kind = decideToolKind(timeline.strategy(), tool);
  const runtime_id = workspace.runtime()?.runtime_id ?? null;
  if (kind === null || leases.holder()?.turn_id !== turn_id || runtime_id === null || !canTake(parts)) return;
  const { promise: read, resolve: captured } = Promise.withResolvers<void>();
  const about = { ...NO_ONE, message: `before ${tool.tool_name}`, session_id, turn_id };
  const taking = engine.exclusively(async () => {
    // Whoever asked may have stopped waiting, and the turn may be over.
    if (leases.holder()?.turn_id !== turn_id || workspace.get()?.prepared !== true) return;
    const operation_id = parts.clock.newId();
    await parts.taker.take({
      operation_id,
      runtime_id,
      about,
      duringTurn: true,
      captured,
      kindOf: ({ unchanged }) => (unchanged && timeline.head()?.kind !== "autosave" ? null : kind),
    });
  });
  const done = taking.catch((error: unknown) => logger.error("checkpoint_before_tool_failed", error, { turn_id }));
  parts.background(done);
  await Promise.race([read, done]);
}

async function begin(parts: Parts, base: CheckpointTarget | null, strategy: CheckpointStrategy): Promise<void> {
  const { timeline, workspace, manifests } = parts;
  if (timeline.isBegun() || timeline.head() !== null) return;
  timeline.setStrategy(strategy);
  if (base === null) return timeline.setBegun();
  const { tree } = await manifests.read(ownerOf(workspace).team_id, base);
  await parts.recorder.record({
    kind: "fork",
    tree,
    changes: { added: 0, changed: 0, removed: 0 },
    stored_bytes: 0,
    unstable_files: 0,
    about: { ...NO_ONE, message: `from ${base.checkpoint_id}` },
    parent_id: base.checkpoint_id,
    conversations: [],
    savedTurns: null,
    spent: timeline.spent(),
  });
}

export function toFailureAnswer(error: unknown): { ok: false; error: { code: AppError["code"]; message: string } } {
  if (error instanceof AppError) return { ok: false, error: { code: error.code, message: error.message } };
  throw error;
}
