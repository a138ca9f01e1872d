// Fills a fresh sandbox from the head before anybody else uses it.
import { AppError, answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { CHECKPOINTS_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import type { Clock } from "../clock.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { WorkspaceStore } from "../workspaces/workspace-store.ts";
import { ownerOf, targetOf } from "./checkpoint-recorder.ts";
import type { Engine } from "./engine.ts";
import type { ManifestStore } from "./manifest-store.ts";
import type { TimelineStore } from "./timeline-store.ts";
import type { TreeRestorer } from "./tree-restorer.ts";

type Parts = {
  workspace: WorkspaceStore;
  timeline: TimelineStore;
  manifests: ManifestStore;
  engine: Engine;
  restorer: TreeRestorer;
  clock: Clock;
  logger: ObjectLogger;
};

export type WakeUp = {
  /** True when there is a checkpoint to fill an empty disk from. */
  hasHead(): boolean;
  fill(): Promise<Answer<null>>;
};

export function createWakeUp(parts: Parts): WakeUp {
  return {
    hasHead: () => parts.timeline.head() !== null,
    fill: () =>
      parts.engine.exclusively(async () => {
        try {
          return await fill(parts);
        } catch (error) {
          parts.logger.error("wake_up_failed", error, { checkpoint_id: parts.timeline.head()?.checkpoint_id ?? null });
          return explain(error);
        }
      }),
  };
}

async function fill({ workspace, timeline, manifests, restorer, clock }: Parts): Promise<Answer<null>> {
  const head = timeline.head();
  const runtime = workspace.runtime();
  // A restore that a person asked for may have filled it meanwhile.
  if (head === null || workspace.get()?.prepared === true) return answer(null);
  if (runtime?.runtime_id == null) throw new Error("no runtime was met");
  if ((runtime.protocol_version ?? 0) < CHECKPOINTS_PROTOCOL_VERSION) return TOO_OLD;
  const { tree } = await manifests.read(ownerOf(workspace).team_id, targetOf(workspace, head));
  const whole = { tree, paths: null, dry_run: false };
  await restorer.restore({ operation_id: clock.newId(), runtime_id: runtime.runtime_id, ...whole });
  const { checkpoint_id, created_at } = head;
  workspace.noteRestored({ checkpoint_id, created_at, changed_since: timeline.isUnsaved() });
  timeline.noteSaved(timeline.endedTurns());
  workspace.setPrepared(true);
  return answer(null);
}

export const TOO_OLD = failure(
  "runner_protocol_unsupported",
  "The sandbox's runner is of a version that knows no checkpoints. End the project's sessions and try again.",
);

function explain(error: unknown): Answer<null> {
  if (error instanceof AppError) return failure(error.code, error.message);
  return failure(
    "sandbox_unavailable",
    "The project's files could not be put back into its new sandbox. Nothing is lost: try again in a moment.",
  );
}
