// list_project_files: what lies in a project's workspace, in pages.
import { z } from "zod";
import { listFilesSchema } from "../../../shared/rpc/runner-workspace-api.ts";
import { projectFileSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { pageFiles } from "../file-page-policy.ts";
import { branchField, optionalProjectField } from "../tool-fields.ts";

const fields = listFilesSchema.shape;

export const listProjectFiles = defineTool({
  name: "list_project_files",
  title: "List a project's files",
  description: "Lists the files in a project, as they are now. Starts the sandbox when none runs.",
  scope: "projects:read",
  toolset: "projects",
  input: z.strictObject({
    project: optionalProjectField,
    branch: branchField,
    path: fields.path.describe("The folder to list, relative to the project. Default: the whole project."),
    recursive: fields.recursive.describe("Whether to list what lies in subfolders. Default true."),
    cursor: fields.after.describe("The next_cursor of the page before, to go on after it."),
    limit: z.int().min(1).max(500).default(200).describe("How many to give at most, 1 to 500; default 200."),
  }),
  output: z.object({
    files: z.array(projectFileSchema),
    next_cursor: z.string().nullable().describe("Give this as cursor for the next page; null on the last."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, branch, cursor, ...request }, { principal, services }) {
    const after = cursor === undefined ? {} : { after: cursor };
    const place = { project: project ?? null, branch: branch ?? null };
    const list = await services.projects.listFiles(principal, place, { ...request, ...after });
    return pageFiles(list);
  },
});
