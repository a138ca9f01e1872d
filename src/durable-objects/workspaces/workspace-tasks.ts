// What the workspace's alarm does when a task is due. Each is one step that finds its place again.
import {
  decideSandbox,
  KEEP_EVERY_MS,
  LOOK_AGAIN_MS,
  type SandboxDecision,
  type SandboxFacts,
} from "../../shared/sleeping/sleep-policy.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { Workspace } from "./compose-workspace.ts";

const REVIEW_EVERY_MS = 30_000;
const DELIVER_AGAIN_MS = 1_000;
/** What is recorded within a moment goes in one batch, and whoever waits for its answer has it first. */
const GATHERING_MS = 25;

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
  await workspace.alarms.run(
    {
      review: () => review(workspace),
      keep: () => keep(workspace),
      // Not waited for: an operation takes as long as it takes, and the alarm serves other tasks too.
      operate: () => workspace.checkpoints.runner.kick(),
      outbox: () => deliver(workspace),
    },
    (task, error) => logger.error("task_failed", error, { task }),
  );
}

async function review(workspace: Workspace): Promise<void> {
  await workspace.desk.review();
  if (workspace.leases.holder() === null) return;
  workspace.alarms.reschedule("review", workspace.clock.nowMs() + REVIEW_EVERY_MS);
}

async function deliver({ checkpoints, alarms, clock }: Workspace): Promise<void> {
  await scheduler.wait(GATHERING_MS);
  if (!(await checkpoints.delivery.run())) alarms.reschedule("outbox", clock.nowMs() + DELIVER_AGAIN_MS);
}

/** A sandbox whose files are kept sleeps when nobody uses it, and so does an empty one, or one that hangs. */
async function keep(workspace: Workspace): Promise<void> {
  const { store, sandbox, alarms, clock, keeper } = workspace;
  if (store.runtime() === null || !(await sandbox.isRunning())) return;
  const runner = await keeper.lookAt();
  store.noteLook({ answered: runner !== null, nowMs: clock.nowMs() });
  if (runner !== null) await workspace.noteFiles();
  const kept = await workspace.checkpoints.howKept({
    answers: runner !== null,
    isDue: () => isDue(decide(workspace, { runner, kept: "unchanged" })),
  });
  // From here to the stop nothing is waited for: who asks for the lease in between would find the sandbox ended.
  const decision = decide(workspace, { runner, kept });
  if (decision.step === "none") return;
  alarms.reschedule("keep", "atMs" in decision ? decision.atMs : clock.nowMs() + LOOK_AGAIN_MS);
  if (decision.step === "save") workspace.checkpoints.own.beforeSleep();
  if (decision.step === "keep") await sandbox.keepAlive();
  if (decision.step === "stop" && (await keeper.sleep())) alarms.cancel("keep");
}

const isDue = ({ step }: SandboxDecision): boolean => step === "stop" || step === "save";

function decide(workspace: Workspace, look: Pick<SandboxFacts, "runner" | "kept">): SandboxDecision {
  const { store, clock } = workspace;
  return decideSandbox({
    ...look,
    running: true,
    leased: workspace.leases.holder() !== null || workspace.checkpoints.isBusy(),
    silentSinceMs: store.runtime()?.silent_since_ms ?? null,
    hasFiles: store.get()?.has_files === true,
    usedAtMs: store.get()?.used_at_ms ?? 0,
    nowMs: clock.nowMs(),
    idleMs: workspace.idleMs,
  });
}
