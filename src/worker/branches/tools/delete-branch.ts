// delete_branch: a branch's files and sandbox go, its checkpoints stay.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchField, branchSchema, projectField } from "../tool-fields.ts";

export const deleteBranch = defineTool({
  name: "delete_branch",
  title: "Delete a branch",
  description:
    "Deletes a branch with its sandbox. Refused while a turn runs in it, and for `main`. " +
    "Its checkpoints stay: list_checkpoints shows them, and another branch can begin from one.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({ project: projectField, branch: branchField }),
  output: z.object({ branch: branchSchema, deleted: z.literal(true) }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ project, branch }, { principal, services }) {
    await services.branches.delete(principal, project ?? null, branch);
    return { branch, deleted: true as const };
  },
});
