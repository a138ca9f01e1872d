// delete_checkpoint: takes one checkpoint out of the timeline.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkpointIdField } from "../tool-fields.ts";

export const deleteCheckpoint = defineTool({
  name: "delete_checkpoint",
  title: "Delete a checkpoint",
  description:
    "Deletes a checkpoint for good. Those that came after it stay whole. Refused for one that a branch stands at or began from. " +
    "What only it needed in storage is free about a day later.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({ checkpoint_id: checkpointIdField }),
  output: z.object({ checkpoint_id: z.string(), deleted: z.literal(true) }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ checkpoint_id }, { principal, services }) {
    await services.checkpoints.keeping.delete(principal, checkpoint_id);
    return { checkpoint_id, deleted: true as const };
  },
});
