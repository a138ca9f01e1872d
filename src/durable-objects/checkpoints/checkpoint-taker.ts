// Takes a checkpoint of what the sandbox holds: the runner stores the packs, this object makes sure of them and records it.
import type { Tree } from "../../shared/checkpoints/format.ts";
import type { CheckpointKind, CheckpointRecord } from "../../shared/checkpoints/schema.ts";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { takenTreeSchema, type TakenTree } from "../../shared/rpc/runner-checkpoint-api.ts";
import type { TelemetryTeller } from "../../shared/telemetry/teller.ts";
import type { Clock } from "../clock.ts";
import type { ObjectLogger } from "../object-log.ts";
import { ownerOf, targetOf, type About, type CheckpointRecorder, type RecorderParts } from "./checkpoint-recorder.ts";
import type { Engine } from "./engine.ts";

export type Taking = {
  operation_id: string;
  runtime_id: string;
  about: About;
  /** Decided by what has changed; null for a tree that is as the head has it and needs no checkpoint of its own. */
  kindOf(taken: TakenTree): CheckpointKind | null;
  /** A turn is at work in the files, and goes on when they were read. */
  duringTurn?: boolean;
  captured?(): void;
  /** What is to be known of conversations before the manifest is written. */
  beforeManifest?(): Promise<void>;
};

export type Taken =
  | { outcome: "recorded"; record: CheckpointRecord; unchanged: boolean }
  /** The head holds it already. */
  | { outcome: "unchanged"; record: CheckpointRecord }
  /** There is nothing, and there never was. */
  | { outcome: "empty" };

type Parts = RecorderParts & {
  recorder: CheckpointRecorder;
  engine: Engine;
  logger: ObjectLogger;
};

export type CheckpointTaker = {
  /** Only inside of `engine.exclusively`. */
  take(taking: Taking): Promise<Taken>;
};

export function createCheckpointTaker(parts: Parts): CheckpointTaker {
  return {
    async take(taking) {
      const { timeline } = parts;
      const savedTurns = taking.duringTurn === true ? null : timeline.endedTurns();
      const spent = timeline.spent();
      const parent = await readParent(parts);
      const taken = await readWhole(parts, taking, parent);
      if (parent === null && isEmpty(taken.tree) && timeline.head() === null) return { outcome: "empty" };
      const kind = taking.kindOf(taken);
      const head = timeline.head();
      if (kind === null && head !== null) {
        if (savedTurns !== null) timeline.noteSaved(savedTurns);
        return { outcome: "unchanged", record: head };
      }
      await taking.beforeManifest?.();
      const record = await parts.recorder.record({
        kind: kind ?? "autosave",
        tree: taken.tree,
        changes: taken.changes,
        stored_bytes: taken.stored.reduce((sum, { bytes }) => sum + bytes, 0),
        unstable_files: taken.unstable_files,
        about: taking.about,
        savedTurns,
        spent,
      });
      return { outcome: "recorded", record, unchanged: taken.unchanged };
    },
  };
}

/** The same, with how long each took. */
export function timeCheckpoints(
  { take }: CheckpointTaker,
  telemetry: TelemetryTeller,
  { nowMs }: Pick<Clock, "nowMs">,
): CheckpointTaker {
  return {
    async take(taking) {
      const beganAtMs = nowMs();
      const tell = (outcome: Taken["outcome"] | "failed", kind: string): void => {
        const attributes = { runtime: "claude_code", outcome, kind };
        telemetry.point({ name: "claude_code.checkpoint.duration", value: (nowMs() - beganAtMs) / 1000, attributes });
      };
      try {
        const taken = await take(taking);
        tell(taken.outcome, taken.outcome === "empty" ? "none" : taken.record.kind);
        return taken;
      } catch (error) {
        tell("failed", "none");
        throw error;
      }
    },
  };
}

function isEmpty({ files, directories, others }: Tree): boolean {
  return files + directories + others === 0;
}

/** A head that cannot be read any more is no parent: everything is stored anew, and the next checkpoint is whole. */
async function readParent({ timeline, manifests, workspace, logger }: Parts): Promise<Tree | null> {
  const head = timeline.head();
  if (head === null) return null;
  try {
    return (await manifests.read(ownerOf(workspace).team_id, targetOf(workspace, head))).tree;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    logger.error("head_not_readable", error, { checkpoint_id: head.checkpoint_id });
    return null;
  }
}

/** Until every pack that it names is in the bucket: what the runner took for stored may be gone. */
async function readWhole(parts: Parts, taking: Taking, parent: Tree | null): Promise<TakenTree> {
  const known = new Set(parent?.packs);
  for (const full of [false, true]) {
    const taken = await askRunner(parts, taking, { parent, full });
    const news = taken.tree.packs.filter((pack) => !known.has(pack));
    const missing = await parts.manifests.findMissing(ownerOf(parts.workspace), news);
    if (missing === null) return taken;
    parts.logger.error("pack_missing", new Error("a pack of a new checkpoint is not stored"), { pack: missing });
  }
  const message =
    "The checkpoint is not whole: some of what the sandbox sent is not stored. The one before it stands. Call again.";
  throw new AppError("checkpoint_failed", message);
}

async function askRunner(
  { engine }: Parts,
  taking: Taking,
  { parent, full }: { parent: Tree | null; full: boolean },
): Promise<TakenTree> {
  const { operation_id, runtime_id, captured } = taking;
  const job = { operation_id, runtime_id, writes: true, reads: parent?.packs ?? [], captured };
  const taken = await engine.run(job, async (runner, host, tokens) =>
    unwrap(await runner.takeCheckpoint({ operation_id, parent, full, tokens }, host)),
  );
  return takenTreeSchema.parse(taken);
}
