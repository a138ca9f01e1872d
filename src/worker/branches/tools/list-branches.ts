// list_branches: a project's branches by name, each with its newest checkpoint.
import { z } from "zod";
import { branchNameSchema } from "../../../shared/checkpoints/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchSchema, projectField } from "../tool-fields.ts";

export const listBranches = defineTool({
  name: "list_branches",
  title: "List branches",
  description: "Lists a project's branches by name, each with the checkpoint that it stands at.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    limit: z.int().min(1).max(100).default(50).describe("How many to give at most, 1 to 100; default 50."),
    cursor: branchNameSchema.optional().describe("The next_cursor of the page before, to go on after it."),
  }),
  output: z.object({
    project: z.string(),
    branches: z.array(
      z.object({
        branch: branchSchema,
        head: z
          .object({
            checkpoint_id: z.string(),
            kind: z.string(),
            message: z.string(),
            created_at: z.string(),
            files: z.int(),
            bytes: z.int(),
          })
          .nullable()
          .describe("Its newest checkpoint; null before the first."),
        base_checkpoint_id: z.string().nullable().describe("What it began from; null for `main`."),
        created_at: z.string(),
      }),
    ),
    next_cursor: z.string().nullable().describe("Give this as cursor for the next page; null on the last."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, limit, cursor }, { principal, services }) {
    const page = { after: cursor ?? null, limit: limit + 1 };
    const listed = await services.branches.list(principal, project ?? null, page);
    const rows = listed.branches.slice(0, limit);
    const next = listed.branches.length > limit ? rows.at(-1) : undefined;
    return {
      project: listed.project,
      branches: rows.map(({ branch, head, base_checkpoint_id, created_at }) => ({
        branch,
        head: head === null ? null : { ...head, message: head.message.slice(0, 200) },
        base_checkpoint_id,
        created_at,
      })),
      next_cursor: next?.branch ?? null,
    };
  },
});
