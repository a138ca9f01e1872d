// What several checkpoint tools share, described once.
import { z } from "zod";
import {
  branchNameSchema,
  checkpointIdSchema,
  type CheckpointRecord,
  type OperationView,
} from "../../shared/checkpoints/schema.ts";
import { operationProgressSchema } from "../../shared/rpc/runner-checkpoint-api.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { projectNameSchema } from "../../shared/projects/schema.ts";
import type { Place } from "./checkpoint-access.ts";
import { showCheckpoint, type ShownCheckpoint } from "./checkpoint-view.ts";

export const projectField = projectNameSchema
  .optional()
  .describe("The project's name. Without it, your project `default`.");
export const branchField = branchNameSchema.optional().describe("The branch. Default `main`.");
export const checkpointIdField = checkpointIdSchema.describe("The checkpoint's id, as list_checkpoints gives it.");
export const cursorField = z
  .string()
  .max(200)
  .optional()
  .describe("The next_cursor of the page before, to go on after it.");
export const nextCursorField = z
  .string()
  .nullable()
  .describe("Give this as cursor for the next page; null on the last.");
export const pathsField = z.array(z.string().min(1).max(16_384)).min(1).max(200).optional();

export const operationIdField = uuidSchema
  .optional()
  .describe("Of an answer that said `running` or `queued`: go on waiting for it. The other arguments stay the same.");
export const idempotencyKeyField = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe("A text of your choice: a repeated call with the same key starts nothing anew.");

/** How far a long one is: the same fields in each answer. */
export const operationFields = {
  status: z
    .enum(["queued", "running", "succeeded"])
    .describe("`queued` and `running`: it goes on; call again with operation_id to wait for its end."),
  operation_id: z.string(),
  progress: operationProgressSchema.describe("In files and bytes; totals are null until they are known."),
};

export function showOperation({ operation_id, status, progress }: OperationView) {
  // What failed was thrown before.
  return { operation_id, status: status === "failed" ? ("running" as const) : status, progress };
}

export function showRecord(record: CheckpointRecord, place: Place, tags: string[] = []): ShownCheckpoint {
  return showCheckpoint({ ...record, project: place.name, branch: place.branch, tags });
}
