// What the workspace's alarm does when a task is due. Each is one step that finds its place again.
import { decideSandbox, KEEP_EVERY_MS, LOOK_AGAIN_MS } from "../../shared/sleeping/sleep-policy.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { Workspace } from "./compose-workspace.ts";

const REVIEW_EVERY_MS = 30_000;

/** Somebody holds or wants the lease: from time to time they are asked whether they still do. */
export function scheduleReview(workspace: Workspace): void {
  workspace.alarms.schedule("review", workspace.clock.nowMs() + REVIEW_EVERY_MS);
}

/** Somebody used the sandbox: when nobody does any more it is looked at, and may sleep. */
export function scheduleKeeping({ store, alarms, clock, idleMs }: Workspace): void {
  const nowMs = clock.nowMs();
  store.markUsed(nowMs);
  alarms.reschedule("keep", nowMs + Math.min(idleMs, KEEP_EVERY_MS));
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

/** Until checkpoints exist a sandbox with files is not put to sleep; one without is, when nobody uses it or it hangs. */
async function keep(workspace: Workspace): Promise<void> {
  const { store, sandbox, alarms, clock, keeper } = workspace;
  if (store.runtime() === null || !(await sandbox.isRunning())) return;
  const runner = await keeper.lookAt();
  store.noteLook({ answered: runner !== null, nowMs: clock.nowMs() });
  if (runner !== null) await workspace.noteFiles();
  // From here to the stop nothing is waited for: who asks for the lease in between would find the sandbox ended.
  const decision = decideSandbox({
    running: true,
    leased: workspace.leases.holder() !== null,
    runner,
    silentSinceMs: store.runtime()?.silent_since_ms ?? null,
    hasFiles: store.get()?.has_files === true,
    usedAtMs: store.get()?.used_at_ms ?? 0,
    nowMs: clock.nowMs(),
    idleMs: workspace.idleMs,
  });
  if (decision.step === "none") return;
  alarms.reschedule("keep", decision.step === "stop" ? clock.nowMs() + LOOK_AGAIN_MS : decision.atMs);
  if (decision.step === "keep") await sandbox.keepAlive();
  if (decision.step === "stop" && (await keeper.sleep())) alarms.cancel("keep");
}
