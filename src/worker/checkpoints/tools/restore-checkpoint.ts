// restore_checkpoint: makes a branch's files, or some of them, what they were at a checkpoint.
import { z } from "zod";
import { type CheckpointRecord, type OperationView, restorePlanSchema } from "../../../shared/checkpoints/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { takeShown } from "../answer-size-policy.ts";
import type { Place } from "../checkpoint-access.ts";
import { checkpointSchema } from "../checkpoint-view.ts";
import {
  branchField,
  checkpointIdField,
  idempotencyKeyField,
  operationFields,
  operationIdField,
  pathsField,
  projectField,
  showOperation,
  showRecord,
} from "../tool-fields.ts";

/** Items that one answer shows; the counts are of all. */
const MAX_SHOWN_ITEMS = 200;

export const restoreCheckpoint = defineTool({
  name: "restore_checkpoint",
  title: "Restore a checkpoint",
  description:
    "Makes a branch's files exactly what they were at a checkpoint: changed ones are put back, new ones are deleted. " +
    "A backup checkpoint is taken first. dry_run shows what would be written, changed and deleted. " +
    "A restore that was cut off is finished by the same call again.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    branch: branchField,
    checkpoint_id: checkpointIdField,
    create_backup: z.boolean().default(true).describe("Take a checkpoint of what is there before. Default true."),
    dry_run: z.boolean().default(false).describe("Only say what would be done."),
    paths: pathsField.describe("Only these files, and folders with everything below. Without it, everything."),
    include_conversation: z
      .boolean()
      .default(false)
      .describe("Let the branch's conversations go on from where they were then, too."),
    if_busy: z
      .enum(["refuse", "queue"])
      .default("refuse")
      .describe("While a turn runs or waits: `refuse` answers workspace_busy, `queue` waits for its turn."),
    operation_id: operationIdField,
    idempotency_key: idempotencyKeyField,
  }),
  output: z.object({
    ...operationFields,
    applied: z.boolean().describe("True when the files are the checkpoint's now."),
    plan: restorePlanSchema.nullable().describe("What was done, or would be; null while it is not known."),
    backup: checkpointSchema.nullable().describe("What was there before."),
    checkpoint: checkpointSchema.nullable().describe("Where the branch stands now."),
    conversations: z.array(z.string()).describe("Sessions whose conversation went back, too."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run(args, { principal, services, reportProgress, signal }) {
    const { project, branch, paths, operation_id, idempotency_key, ...rest } = args;
    const request = {
      ...rest,
      project: project ?? null,
      branch: branch ?? null,
      paths: paths ?? null,
      operation_id: operation_id ?? null,
      idempotency_key: idempotency_key ?? null,
    };
    const { place, view } = await services.checkpoints.timeline.restore(principal, request, { reportProgress, signal });
    return show(place, view);
  },
});

function show(place: Place, view: OperationView) {
  const result = view.result?.kind === "restore" ? view.result : null;
  const record = (shown: CheckpointRecord | null | undefined) =>
    shown === null || shown === undefined ? null : showRecord(shown, place);
  return {
    ...showOperation(view),
    applied: result?.applied ?? false,
    plan: result === null ? null : shorten(result.plan),
    backup: record(result?.backup),
    checkpoint: record(result?.checkpoint),
    conversations: result?.conversations ?? [],
  };
}

function shorten(plan: z.infer<typeof restorePlanSchema>): z.infer<typeof restorePlanSchema> {
  const items = takeShown(plan.items, MAX_SHOWN_ITEMS);
  return { ...plan, items, items_left_out: plan.items_left_out + plan.items.length - items.length };
}
