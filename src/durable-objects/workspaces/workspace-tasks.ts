// What the workspace's alarm does when a task is due. Each is one step that finds its place again.
import type { ObjectLogger } from "../object-log.ts";
import type { Workspace } from "./compose-workspace.ts";

const REVIEW_EVERY_MS = 30_000;
/** Well within the time after which the platform ends a sandbox that nobody uses. */
const KEEP_EVERY_MS = 6 * 60 * 60_000;

/** Somebody holds or wants the lease: from time to time they are asked whether they still do. */
export function scheduleReview(workspace: Workspace): void {
  workspace.alarms.schedule("review", workspace.clock.nowMs() + REVIEW_EVERY_MS);
}

/** A sandbox runs, and may hold files that are nowhere else. */
export function scheduleKeeping(workspace: Workspace): void {
  workspace.alarms.schedule("keep", workspace.clock.nowMs() + KEEP_EVERY_MS);
}

export async function runWorkspaceTasks(workspace: Workspace, logger: ObjectLogger): Promise<void> {
  await workspace.alarms.run({ review: () => review(workspace), keep: () => keep(workspace) }, (task, error) =>
    logger.error("task_failed", error, { task }),
  );
}

async function review(workspace: Workspace): Promise<void> {
  await workspace.desk.review();
  if (workspace.leases.holder() === null) return;
  workspace.alarms.reschedule("review", workspace.clock.nowMs() + REVIEW_EVERY_MS);
}

/** Until checkpoints exist a sandbox with files is not put to sleep; one without may end. */
async function keep(workspace: Workspace): Promise<void> {
  const { store, sandbox, alarms, clock } = workspace;
  if (store.runtime() === null || !(await sandbox.isRunning())) return;
  await workspace.noteFiles();
  if (store.get()?.has_files !== true) return;
  alarms.reschedule("keep", clock.nowMs() + KEEP_EVERY_MS);
  await sandbox.keepAlive();
}
