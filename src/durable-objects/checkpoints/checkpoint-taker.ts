// Takes a checkpoint of what the sandbox holds: the runner stores the packs, this object makes sure of them and records it.
import type { Tree } from "../../shared/checkpoints/format.ts";
import type { CheckpointKind, CheckpointRecord } from "../../shared/checkpoints/schema.ts";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { takenTreeSchema, type TakenTree } from "../../shared/rpc/runner-checkpoint-api.ts";
import type { ObjectLogger } from "../object-log.ts";
import { ownerOf, targetOf, type About, type CheckpointRecorder, type RecorderParts } from "./checkpoint-recorder.ts";
import type { Engine } from "./engine.ts";
import type { SmallPackStore } from "./small-packs.ts";
import type { SpentTokens } from "./timeline-store.ts";

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
  smallPacks: SmallPackStore;
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
      const begun = { parent: await readParent(parts), savedTurns, spent: timeline.spent() };
      for (const full of [false, true]) {
        try {
          return await attempt(parts, taking, { ...begun, full });
        } catch (error) {
          if (!(error instanceof PackMissing)) throw error;
          parts.logger.error("pack_missing", error, { pack: error.pack });
        }
      }
      const message =
        "The checkpoint is not whole: some of what the sandbox sent is not stored. The one before it stands. Call again.";
      throw new AppError("checkpoint_failed", message);
    },
  };
}

type Attempt = {
  parent: Tree | null;
  /** Everything is read and stored anew: what the runner took for stored may be gone. */
  full: boolean;
  savedTurns: number | null;
  spent: SpentTokens;
};

async function attempt(parts: Parts, taking: Taking, { parent, full, savedTurns, spent }: Attempt): Promise<Taken> {
  const { timeline } = parts;
  const taken = await askRunner(parts, taking, { parent, full });
  const whole = makeWhole(parts, taken, parent);
  // It is awaited by whoever needs it; until then its failure is nobody's.
  whole.catch(() => {});
  if (parent === null && isEmpty(taken.tree) && timeline.head() === null) return { outcome: "empty" };
  const kind = taking.kindOf(taken);
  const head = timeline.head();
  if (kind === null && head !== null) {
    await whole;
    if (savedTurns !== null) timeline.noteSaved(savedTurns);
    return { outcome: "unchanged", record: head };
  }
  await taking.beforeManifest?.();
  const record = await parts.recorder.record({
    kind: kind ?? "autosave",
    tree: taken.tree,
    whole,
    changes: taken.changes,
    stored_bytes: taken.stored.reduce((sum, { bytes }) => sum + bytes, 0),
    unstable_files: taken.unstable_files,
    about: taking.about,
    savedTurns,
    spent,
  });
  return { outcome: "recorded", record, unchanged: taken.unchanged };
}

/** Resolves once every pack that the tree names is in the bucket: what came along is stored, the rest is looked up. */
async function makeWhole(parts: Parts, taken: TakenTree, parent: Tree | null): Promise<void> {
  const known = new Set([...(parent?.packs ?? []), ...taken.small_packs.map(({ sha256 }) => sha256)]);
  const others = taken.tree.packs.filter((pack) => !known.has(pack));
  const owner = ownerOf(parts.workspace);
  const [missing] = await Promise.all([
    parts.manifests.findMissing(owner, others),
    parts.smallPacks.store(owner, taken.small_packs),
  ]);
  if (missing !== null) throw new PackMissing(missing);
}

class PackMissing extends Error {
  readonly pack: string;
  constructor(pack: string) {
    super("a pack of a new checkpoint is not stored");
    this.name = "PackMissing";
    this.pack = pack;
  }
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

async function askRunner(
  { engine }: Parts,
  taking: Taking,
  { parent, full }: { parent: Tree | null; full: boolean },
): Promise<TakenTree> {
  const { operation_id, runtime_id, captured } = taking;
  const job = { operation_id, runtime_id, writes: true, reads: parent?.packs ?? [], captured };
  const taken = await engine.run(job, async (runner, host, tokens) =>
    unwrap(await runner.takeCheckpoint({ operation_id, parent, full, takes_small_packs: true, tokens }, host)),
  );
  return takenTreeSchema.parse(taken);
}
