// Builds the collaborators of a workspace's checkpoints. Nothing here decides anything.
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { WorkspaceState } from "../../shared/rpc/workspace-api.ts";
import type { Clock } from "../clock.ts";
import { createEventBell } from "../events/event-bell.ts";
import type { ObjectLogger } from "../object-log.ts";
import { createOutboxStore } from "../outbox/outbox-store.ts";
import type { LeaseDesk } from "../workspaces/lease-desk.ts";
import type { LeaseStore } from "../workspaces/lease-store.ts";
import type { RuntimeKeeper } from "../workspaces/runtime-keeper.ts";
import type { WorkspaceStore } from "../workspaces/workspace-store.ts";
import { createCheckpointDelivery } from "./checkpoint-delivery.ts";
import { createCheckpointRecorder } from "./checkpoint-recorder.ts";
import type { TelemetryTeller } from "../../shared/telemetry/teller.ts";
import { createCheckpointTaker, timeCheckpoints } from "./checkpoint-taker.ts";
import { createEngine } from "./engine.ts";
import { createKeptLook } from "./kept-look.ts";
import { createManifestStore, type CheckpointBucket } from "./manifest-store.ts";
import { createOperationDesk } from "./operation-desk.ts";
import { createOperationRunner } from "./operation-runner.ts";
import { createOperationStore } from "./operation-store.ts";
import { createOperationWork } from "./operation-work.ts";
import { createOwnCheckpoints } from "./own-checkpoints.ts";
import { createTellingStore } from "./telling-store.ts";
import { createTimelineStore } from "./timeline-store.ts";
import { createTreeRestorer } from "./tree-restorer.ts";
import { createWakeUp } from "./wake-up.ts";
import type { Ask } from "../workspaces/runner-workspace.ts";

export type CheckpointParts = {
  storage: DurableObjectStorage;
  bucket: CheckpointBucket & Pick<R2Bucket, "delete">;
  database: D1Database;
  session(sessionId: string): SessionApi;
  ask: Ask;
  keeper: Pick<RuntimeKeeper, "find" | "ensure" | "boot">;
  workspace: WorkspaceStore;
  leases: LeaseStore;
  desk: LeaseDesk;
  secret: string;
  telemetry: TelemetryTeller;
  clock: Clock;
  logger: ObjectLogger;
  background(work: Promise<unknown>): void;
  /** The alarm looks after operations at that time, and at no other. */
  operateAt(atMs: number): void;
  /** The alarm delivers soon. */
  onOwed(): void;
};

export type Checkpoints = ReturnType<typeof composeCheckpoints>;

export function composeCheckpoints(parts: CheckpointParts) {
  const { clock, workspace, leases, logger } = parts;
  const shared = composeShared(parts);
  const { timeline, operations, engine, tellings, outbox, bell } = shared;
  const work = createOperationWork({ ...parts, ...shared });
  const runner = createOperationRunner({
    ...parts,
    ...shared,
    perform: work.perform,
    lookAgainAt: parts.operateAt,
  });
  const delivery = createCheckpointDelivery({ ...parts, outbox, tellings });
  return {
    timeline,
    engine,
    runner,
    delivery,
    bell,
    operations,
    desk: createOperationDesk({ operations, leases, engine, runner, clock, bell }),
    own: createOwnCheckpoints({ ...parts, ...shared, runner }),
    wakeUp: createWakeUp({ ...shared, workspace, clock, logger }),
    describe: (): WorkspaceState => ({
      head: timeline.head(),
      strategy: timeline.strategy(),
      busy: leases.holder() !== null || operations.unended().length > 0,
      owing: delivery.owes() || engine.isWorking() || operations.unended().length > 0,
    }),
    /** Something is being taken or restored in this moment, also when the lease went on already. */
    isBusy: () => engine.isWorking() || runner.current() !== null,
    howKept: createKeptLook({ ...parts, ...shared }),
  };
}

/** What both the work and the questions about it stand on. */
function composeShared(of: CheckpointParts) {
  const { storage, clock, workspace, logger } = of;
  const { sql } = storage;
  const engine = createEngine({
    owner: () => workspace.get(),
    runtimeId: () => workspace.runtime()?.runtime_id ?? null,
    ask: of.ask,
    secret: of.secret,
    clock,
  });
  const stores = {
    timeline: createTimelineStore(sql),
    operations: createOperationStore(sql),
    manifests: createManifestStore(of.bucket),
    outbox: createOutboxStore(sql, of.onOwed),
    tellings: createTellingStore(sql, of.onOwed),
    bell: createEventBell(),
  };
  const recorder = createCheckpointRecorder({ ...stores, storage, workspace, clock });
  const own = createCheckpointTaker({ ...stores, storage, workspace, clock, recorder, engine, logger });
  const taker = timeCheckpoints(own, of.telemetry, clock);
  return { ...stores, engine, recorder, taker, restorer: createTreeRestorer(engine) };
}
