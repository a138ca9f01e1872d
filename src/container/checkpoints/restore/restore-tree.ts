// Makes a workspace what a checkpoint says: plan, fetch beside, verify, rename, delete last. Repeatable after any failure.
import { join } from "node:path";
import type { RestorePlan } from "../../../shared/checkpoints/schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { RestoredTree, RestoreTree } from "../../../shared/rpc/runner-checkpoint-api.ts";
import type { JobContext } from "../job-context.ts";
import { clockNs } from "../stat-cache.ts";
import { applySteps } from "./apply.ts";
import { explainDisk, fillStaging } from "./fill.ts";
import { createExpectedFile, type ExpectedFile } from "./expected.ts";
import { finishRestore } from "./finish.ts";
import { readLocalTree } from "./local-tree.ts";
import { makePlan } from "./plan.ts";
import { createLooks } from "./read-local.ts";
import { createScope } from "./scope.ts";
import { createStaging } from "./staging.ts";
import { createStepList, type StepList } from "./step.ts";
import { readWantedTree } from "./wanted-tree.ts";

export async function restoreTree(request: RestoreTree, context: JobContext): Promise<RestoredTree> {
  const steps = createStepList(join(context.stateDir, `steps-${request.operation_id}`));
  const expected = createExpectedFile(join(context.stateDir, `expected-${request.operation_id}`));
  const plannedNs = clockNs();
  try {
    const plan = await planRestore(request, { context, steps, expected });
    if (request.dry_run) return { plan, applied: false };
    await apply(request, { context, steps, expected, plan, plannedNs });
    return { plan, applied: true };
  } catch (error) {
    throw explainDisk(error);
  } finally {
    steps.remove();
    expected.remove();
  }
}

type Work = { context: JobContext; steps: StepList; expected: ExpectedFile };

function planRestore({ tree, paths }: RestoreTree, { context, steps, expected }: Work): Promise<RestorePlan> {
  const total = tree.files + tree.directories + tree.others;
  return makePlan({
    wanted: readWantedTree(context, tree),
    local: readLocalTree(context),
    scope: createScope(paths),
    looks: createLooks(context.workspaceDir),
    steps,
    expect: expected.add,
    onPath: (files) => context.progress({ phase: "scanning", files, files_total: total, bytes: 0, bytes_total: null }),
  });
}

async function apply(request: RestoreTree, work: Work & { plan: RestorePlan; plannedNs: bigint }): Promise<void> {
  const { context, steps, expected, plan, plannedNs } = work;
  if (steps.count() > 0) {
    const staging = createStaging(context.workspaceDir, request.operation_id);
    try {
      const whole = { files_total: plan.write + plan.change, bytes_total: plan.bytes_to_write };
      const onProgress = (done: { files: number; bytes: number }) =>
        context.progress({ phase: "downloading", ...done, ...whole });
      await fillStaging(steps, { context, staging, onProgress });
      put(steps, { context, staging });
    } finally {
      staging.remove();
    }
  }
  const tree = request.paths === null ? request.tree : null;
  await finishRestore({ context, expected, steps, tree, plannedNs });
}

/** From here on the workspace changes. What fails now is a disk that fails, or somebody who works against us. */
function put(
  steps: StepList,
  { context, staging }: { context: JobContext; staging: ReturnType<typeof createStaging> },
) {
  const total = steps.count();
  const onStep = (files: number): void => {
    if (files % 256 === 0) {
      context.progress({ phase: "writing", files, files_total: total, bytes: 0, bytes_total: null });
    }
  };
  try {
    applySteps(steps, { staging, workspaceDir: context.workspaceDir, onStep });
  } catch (error) {
    throw new AppError(
      "restore_failed",
      "The restore stopped while files were put in their places: some are as in the checkpoint, some as before, none is half-written. Restore the same checkpoint again; the backup holds the state before.",
      { cause: error },
    );
  }
}
