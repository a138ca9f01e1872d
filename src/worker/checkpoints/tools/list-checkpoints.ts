// list_checkpoints: a project's timeline, newest first, with what it takes in storage.
import { z } from "zod";
import { branchNameSchema } from "../../../shared/checkpoints/schema.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkpointSchema, showCheckpoint, sizesOf, sizesSchema } from "../checkpoint-view.ts";
import { readListCursor, writeListCursor } from "../page-cursor.ts";
import { cursorField, nextCursorField, projectField } from "../tool-fields.ts";

export const listCheckpoints = defineTool({
  name: "list_checkpoints",
  title: "List checkpoints",
  description:
    "Lists a project's checkpoints, newest first: what each was taken for, what it changed, and what it takes. " +
    "parent_id makes them a tree. The list may lag a moment behind.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    branch: branchNameSchema.optional().describe("Only those of this branch. Without it, of all, deleted ones too."),
    session_id: uuidSchema.optional().describe("Only those that turns of this session took."),
    limit: z.int().min(1).max(50).default(20).describe("How many to give at most, 1 to 50; default 20."),
    cursor: cursorField,
  }),
  output: z.object({
    checkpoints: z.array(checkpointSchema),
    totals: z
      .object({ checkpoints: z.int(), ...sizesSchema.shape })
      .describe("The whole project: all checkpoints' files, and what is stored for them."),
    next_cursor: nextCursorField,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, branch, session_id, limit, cursor }, { principal, services }) {
    const { rows, figures } = await services.checkpoints.timeline.list(principal, {
      project: project ?? null,
      branch: branch ?? null,
      session_id: session_id ?? null,
      after: readListCursor(cursor),
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      checkpoints: page.map((row) => showCheckpoint(row)),
      totals: { checkpoints: figures.checkpoints, ...sizesOf(figures.logical_bytes, figures.stored_bytes) },
      next_cursor: last === undefined ? null : writeListCursor(last),
    };
  },
});
