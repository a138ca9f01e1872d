// Looks whether checkpoints keep what the sandbox holds, so that it may sleep.
import { CHECKPOINTS_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import type { SandboxFacts } from "../../shared/sleeping/sleep-policy.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { WorkspaceStore } from "../workspaces/workspace-store.ts";
import { ownerOf, targetOf } from "./checkpoint-recorder.ts";
import type { ManifestStore } from "./manifest-store.ts";
import type { TimelineStore } from "./timeline-store.ts";
import type { Ask } from "../workspaces/runner-workspace.ts";

const LOOK_DEADLINE_MS = 60_000;

type Parts = {
  workspace: WorkspaceStore;
  timeline: TimelineStore;
  manifests: ManifestStore;
  ask: Ask;
  logger: ObjectLogger;
};

/** `isDue`: whether it would sleep at all; only then is the workspace walked. */
export type KeptLook = (sandbox: { answers: boolean; isDue(): boolean }) => Promise<SandboxFacts["kept"]>;

export function createKeptLook(parts: Parts): KeptLook {
  const { workspace, timeline } = parts;
  return async ({ answers, isDue }) => {
    if ((workspace.runtime()?.protocol_version ?? 0) < CHECKPOINTS_PROTOCOL_VERSION) return "unable";
    if (timeline.head() === null) return "changed";
    // An empty disk that waits for its files is not what was to be kept.
    if (workspace.get()?.prepared !== true) return "unchanged";
    if (timeline.isUnsaved()) return "changed";
    // One that does not answer tells nothing: every turn's work is kept.
    if (!answers) return "unchanged";
    return isDue() && !(await isChanged(parts)) ? "unchanged" : "changed";
  };
}

async function isChanged({ workspace, timeline, manifests, ask, logger }: Parts): Promise<boolean> {
  const head = timeline.head();
  if (head === null) return true;
  try {
    const { tree } = await manifests.read(ownerOf(workspace).team_id, targetOf(workspace, head));
    return await ask((runner) => runner.isChangedSince(tree), LOOK_DEADLINE_MS);
  } catch (error) {
    logger.error("change_not_known", error);
    return true;
  }
}
