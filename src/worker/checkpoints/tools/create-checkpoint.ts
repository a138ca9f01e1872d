// create_checkpoint: keeps a branch's files as they are now.
import { z } from "zod";
import { checkpointMessageSchema, checkpointTagSchema } from "../../../shared/checkpoints/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { takeShown } from "../answer-size-policy.ts";
import { changeSchema } from "../comparing/change-view.ts";
import { checkpointSchema } from "../checkpoint-view.ts";
import {
  branchField,
  idempotencyKeyField,
  operationFields,
  operationIdField,
  projectField,
  showOperation,
  showRecord,
} from "../tool-fields.ts";

const MAX_SHOWN_CHANGES = 100;

export const createCheckpoint = defineTool({
  name: "create_checkpoint",
  title: "Create a checkpoint",
  description:
    "Keeps all files of a project's branch as they are now, with how far its conversations are, as a point to go back to. " +
    "Waits for a running turn. Starts the project's sandbox when none runs. What takes longer than this call goes on: call again with operation_id.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    branch: branchField,
    message: checkpointMessageSchema.min(1).describe("What the checkpoint is for, in words."),
    tags: z
      .array(checkpointTagSchema)
      .max(20)
      .default([])
      .describe("Words to find it by. A tagged checkpoint is kept by every retention."),
    include_files: z.boolean().default(false).describe("Also list what changed since the checkpoint before."),
    operation_id: operationIdField,
    idempotency_key: idempotencyKeyField,
  }),
  output: z.object({
    ...operationFields,
    checkpoint: checkpointSchema.nullable().describe("Null while it is being taken."),
    unchanged: z.boolean().describe("True when nothing had changed since the checkpoint before."),
    changes: z.array(changeSchema).optional().describe("The first of what changed; diff_checkpoints has everything."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run(args, { principal, services, reportProgress, signal }) {
    const { project, branch, message, tags, include_files, operation_id, idempotency_key } = args;
    const { timeline, comparing } = services.checkpoints;
    const request = {
      project: project ?? null,
      branch: branch ?? null,
      message,
      tags: [...new Set(tags)],
      operation_id: operation_id ?? null,
      idempotency_key: idempotency_key ?? null,
    };
    const { place, view } = await timeline.create(principal, request, { reportProgress, signal });
    const result = view.result?.kind === "create" ? view.result : null;
    const changes =
      include_files && result !== null ? await comparing.sinceParent(principal, place, result.checkpoint) : null;
    return {
      ...showOperation(view),
      checkpoint: result === null ? null : showRecord(result.checkpoint, place, request.tags),
      unchanged: result?.unchanged ?? false,
      ...(changes !== null && { changes: takeShown(changes, MAX_SHOWN_CHANGES) }),
    };
  },
});
