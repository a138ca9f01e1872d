// create_branch: a branch of a project, from a checkpoint or from where another branch stands.
import { z } from "zod";
import { branchNameSchema, checkpointIdSchema } from "../../../shared/checkpoints/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchSchema, projectField } from "../tool-fields.ts";

export const createBranch = defineTool({
  name: "create_branch",
  title: "Create a branch",
  description:
    "Makes a branch of a project: files and a sandbox of its own, so that work runs beside other branches. " +
    "It begins from a checkpoint, or from the newest one of another branch. execute_claude {branch} works in it.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    branch: branchNameSchema.describe(
      "The new branch's name: letters, digits, '.', '_', '-' and '/'. It must be free.",
    ),
    checkpoint_id: checkpointIdSchema.optional().describe("The checkpoint to begin from. Not with from_branch."),
    from_branch: branchNameSchema
      .optional()
      .describe("The branch whose newest checkpoint to begin from. Default `main`."),
    idempotency_key: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("A text of your choice: a repeated call with the same key finds the branch that the first one made."),
  }),
  output: z.object({
    project: z.string(),
    branch: branchSchema,
    base_checkpoint_id: z.string().nullable().describe("The checkpoint that it begins from."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ project, branch, checkpoint_id, from_branch, idempotency_key }, { principal, services }) {
    const { place, base_checkpoint_id } = await services.branches.create(principal, {
      project: project ?? null,
      branch,
      checkpoint_id: checkpoint_id ?? null,
      from_branch: from_branch ?? null,
      idempotency_key: idempotency_key ?? null,
    });
    return { project: place.name, branch: place.branch, base_checkpoint_id };
  },
});
